"""What is no folder or archive of pictures."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from beholder.data.pack_sources import find_source
from beholder.spec import PictureError, UsageError


def test_nothing_to_pack(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="there are no pictures"):
        find_source(tmp_path)
    with pytest.raises(PictureError, match="there are no pictures"):
        find_source([])
    with pytest.raises(UsageError, match="the pictures are a set; expected a folder"):
        find_source({tmp_path})
    with pytest.raises(PictureError, match="no such folder or archive"):
        find_source(tmp_path / "nowhere")
    with zipfile.ZipFile(tmp_path / "empty.zip", "w") as archive:
        archive.writestr("notes.txt", "no picture")
    with pytest.raises(PictureError, match="there are no pictures in it"):
        find_source(tmp_path / "empty.zip")


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz", "a.tgz"])
def test_damaged_archives(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\x1f\x8b\x08\0\0no archive")
    with pytest.raises(PictureError, match="damaged archive"):
        find_source(tmp_path / name)


def test_other_files(tmp_path: Path) -> None:
    (tmp_path / "a.rar").write_bytes(b"Rar!")
    with pytest.raises(PictureError, match="expected a folder of pictures, or an archive"):
        find_source(tmp_path / "a.rar")


def test_a_listing_tells_of_every_file(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(b"12345")
    first = find_source(tmp_path).listing
    assert [(Path(path).name, size) for path, size, _ in first] == [("a.png", 5), ("b.png", 5)]
    (tmp_path / "b.png").write_bytes(b"123456")
    assert find_source(tmp_path).listing[0] == first[0]
    assert find_source(tmp_path).listing[1] != first[1]
    with pytest.raises(PictureError, match="cannot be read"):
        _ = find_source([tmp_path / "c.png"]).listing
