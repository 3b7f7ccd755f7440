"""Pictures decoded once."""

from __future__ import annotations

import concurrent.futures
import os
import pickle
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
import torch
from torch import Tensor

from beholder.data import packs
from beholder.data.packs import Pack, open_pack, pack_folder
from beholder.images import save_picture
from beholder.spec import PictureError, UsageError


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BEHOLDER_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "packs"


@pytest.fixture
def folder(photos: Tensor, tmp_path: Path) -> Path:
    """Three pictures of different sizes, one in a subfolder."""
    folder = tmp_path / "pictures"
    (folder / "more").mkdir(parents=True)
    for name, photo, side in (
        ("b.png", photos[0], 33),
        ("a.bmp", photos[1], 40),
        ("more/c.png", photos[2], 50),
    ):
        save_picture(photo[:, : side + 5, :side], folder / name)
    (folder / "notes.txt").write_text("no picture")
    return folder


def levels(photo: Tensor, side: int) -> Tensor:
    return (photo[:, : side + 5, :side] * 255).round().to(torch.uint8)


def check(pack: Pack, photos: Tensor) -> None:
    assert [Path(each.name).name for each in pack.pictures] == ["a.bmp", "b.png", "c.png"]
    for index, (photo, side) in enumerate(zip((photos[1], photos[0], photos[2]), (40, 33, 50), strict=True)):
        assert torch.equal(pack.picture(index), levels(photo, side))


def refuse(*_: object, **__: object) -> None:
    raise AssertionError("decoded again")


def test_what_was_stored_is_read(folder: Path, photos: Tensor) -> None:
    told: list[tuple[int, int]] = []
    pack = open_pack(folder, tell=lambda done, total: told.append((done, total)))
    assert len(pack) == 3
    assert told == [(1, 3), (2, 3), (3, 3)]
    check(pack, photos)
    assert torch.equal(pack.crop(1, 3, 5, 20, 10), levels(photos[0], 33)[:, 3:23, 5:15])
    pack.picture(0).zero_()  # a copy
    check(pack, photos)


def test_files_are_taken_as_they_are_listed(folder: Path, photos: Tensor) -> None:
    files = [folder / "more" / "c.png", folder / "a.bmp"]
    pack = open_pack(files)
    assert [each.name for each in pack.pictures] == [str(file) for file in files]
    assert torch.equal(pack.picture(0), levels(photos[2], 50))
    assert torch.equal(pack.picture(1), levels(photos[1], 40))


@pytest.mark.parametrize("ending", [".zip", ".tar", ".tar.gz", ".tgz"])
def test_archives_of_folders(folder: Path, photos: Tensor, tmp_path: Path, ending: str) -> None:
    archive = tmp_path / f"pictures{ending}"
    files = [file for file in sorted(folder.rglob("*"), reverse=True) if file.is_file()]
    if ending == ".zip":
        with zipfile.ZipFile(archive, "w") as zipped:
            for file in files:
                zipped.write(file, file.relative_to(folder))
            zipped.writestr("__MACOSX/._a.bmp", b"no picture")
    else:
        with tarfile.open(archive, "w:gz" if ending != ".tar" else "w") as tar:
            for file in files:
                tar.add(file, file.relative_to(folder))
    check(open_pack(archive), photos)


def test_again_nothing_is_decoded(folder: Path, photos: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    first = open_pack(folder)
    with monkeypatch.context() as patched:
        patched.setattr(packs, "read_picture", refuse)
        again = open_pack(folder, tell=refuse)
        assert again.folder == first.folder
        check(again, photos)
    save_picture(photos[0], folder / "b.png")
    changed = open_pack(folder)
    assert torch.equal(changed.picture(1), (photos[0] * 255).round().to(torch.uint8))


@pytest.mark.parametrize("damage", ["cut", "index"])
def test_a_damaged_pack_is_made_anew(folder: Path, photos: Tensor, damage: str) -> None:
    made = open_pack(folder).folder
    if damage == "cut":
        os.truncate(made / "pixels.u8", 100)
    else:
        (made / "index.json").write_text("{")
    check(open_pack(folder), photos)


def test_at_once_it_is_decoded_once(folder: Path, photos: Tensor) -> None:
    told: list[int] = []
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for pack in pool.map(lambda _: open_pack(folder, tell=lambda done, _: told.append(done)), range(4)):
            check(pack, photos)
    assert told == [1, 2, 3]


def test_pickled_without_its_pixels(folder: Path, photos: Tensor) -> None:
    pickled = pickle.dumps(open_pack(folder))
    assert len(pickled) < 1000
    check(pickle.loads(pickled), photos)


def run(folder: Path, lines: str) -> subprocess.CompletedProcess[str]:
    script = f"import os, resource, signal\nfrom beholder.data.packs import open_pack\n{lines}\n"
    return subprocess.run(
        [sys.executable, "-c", script, str(folder)], capture_output=True, text=True, check=False
    )


def test_a_killed_process_leaves_no_pack(folder: Path, photos: Tensor, cache: Path) -> None:
    kill = "lambda done, _: done == 2 and os.kill(os.getpid(), signal.SIGKILL)"
    assert run(folder, f"import sys; open_pack(sys.argv[1], tell={kill})").returncode == -9
    assert [path for path in cache.iterdir() if path.is_dir()]  # what it had begun
    check(open_pack(folder), photos)
    assert [path.name for path in cache.iterdir() if path.is_dir()] == [open_pack(folder).folder.name]


def test_a_full_disk(folder: Path, cache: Path) -> None:
    # a limit to the size of files fails as a full disk does, in the middle of writing
    limit = "resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))"
    done = run(folder, f"import sys; {limit}; open_pack(sys.argv[1])")
    assert "UsageError" in done.stderr.splitlines()[-1]
    assert "cannot be written" in done.stderr
    assert "set BEHOLDER_CACHE to another folder" in done.stderr
    assert not [path for path in cache.iterdir() if path.is_dir()]


def test_unreadable_pictures_are_named(folder: Path, cache: Path) -> None:
    for index in range(12):
        (folder / f"bad{index:02}.png").write_bytes(b"\x89PNG\r\n\x1a\nand no more")
    with pytest.raises(PictureError, match="12 of 15 pictures cannot be read") as caught:
        open_pack(folder)
    told = str(caught.value)
    assert told.count("bad") == 10
    assert str(folder / "bad09.png") in told
    assert "and 2 more" in told
    assert not [path for path in cache.iterdir() if path.is_dir()]


def test_unreadable_pictures_in_an_archive_are_named(tmp_path: Path) -> None:
    archive = tmp_path / "pictures.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("../birds/bad.png", b"\x89PNG\r\n\x1a\nand no more")
    with pytest.raises(PictureError, match=r"1 of 1 .*\n.*pictures.zip/../birds/bad.png"):
        open_pack(archive)


def test_areas_beyond_a_picture_are_refused(folder: Path) -> None:
    pack = open_pack(folder)
    for area in ((-1, 0, 5, 5), (0, 0, 46, 5), (0, 38, 5, 5), (5, 5, -1, 2)):
        with pytest.raises(UsageError, match="do not lie within its 40x45"):
            pack.crop(0, *area)


def test_the_folder_of_packs(cache: Path) -> None:
    assert pack_folder() == cache
