"""Every map under a name of its own, in the folder that was asked for."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from beholder.catalog import describe_metric
from beholder.reports import MapFolder, map_names
from beholder.spec import PictureError

MAP = np.zeros((4, 4), dtype=np.float32)
METRICS = {name: describe_metric(name) for name in ("ssim", "psnr:border=1")}


def named(*distorted: str) -> list[Path]:
    """The names of maps for these pictures."""
    return list(map_names(lambda: map(Path, distorted)))


not_utf_8 = pytest.mark.skipif(sys.platform != "linux", reason="names are UTF-8 on this system")


def test_maps_are_named_by_picture_and_metric(tmp_path: Path) -> None:
    folder = MapFolder(tmp_path, METRICS)
    first, second, third = named("/p/a/x.png", "/p/x.jpg", "/p/a/x.png")
    saved = [
        folder.save(first, "ssim", MAP),
        folder.save(second, "psnr:border=1", MAP),
        folder.save(third, "ssim", MAP),
    ]
    names = [str(path.relative_to(tmp_path)) for path in saved]
    assert names == ["a/x.png.ssim.png", "x.jpg.psnr_border=1.png", "a/x.png.2.ssim.png"]
    assert all(path.is_file() for path in saved)


@not_utf_8
@pytest.mark.parametrize("stem", [b"caf\xe9", b"\xe9" * 251])
def test_names_that_are_not_utf_8_have_maps_too(tmp_path: Path, stem: bytes) -> None:
    [name] = named(os.fsdecode(b"/p/" + stem + b".png"))
    assert MapFolder(tmp_path, METRICS).save(name, "ssim", MAP).is_file()


@pytest.mark.parametrize("sign", ["a", "é", "世"])
def test_long_names_are_cut_and_told_apart(tmp_path: Path, sign: str) -> None:
    stem = sign * (250 // len(sign.encode()))
    folder = MapFolder(tmp_path, METRICS)
    first, second = (folder.save(name, "ssim", MAP) for name in named(f"/p/{stem}1.png", f"/p/{stem}2.png"))
    assert first != second
    assert first.name.startswith(sign * 70)
    assert first.name.endswith(".ssim.png")
    assert {first, second} == set(tmp_path.iterdir())


def test_a_map_that_cannot_be_written_costs_that_map_only(tmp_path: Path) -> None:
    (tmp_path / "sub").write_text("a file where a folder is needed")
    folder = MapFolder(tmp_path, METRICS)
    first, second = named("/p/sub/a.png", "/p/b.png")
    with pytest.raises(PictureError, match=r"a\.png\.ssim\.png: the heat map could not be written \(.+\)"):
        folder.save(first, "ssim", MAP)
    assert folder.save(second, "ssim", MAP).is_file()
