"""The limit on pixels, in many threads at once, beside Pillow's own; and files closed again."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from beholder.images import read_picture
from beholder.spec import PictureError, UsageError
from images.files import encode, read

RGB = np.random.default_rng(7).integers(0, 256, (5, 7, 3), dtype=np.uint8)
KINDS = ("PNG", "BMP", "TIFF", "WEBP", "GIF", "JPEG")


def test_the_size_limit(tmp_path: Path) -> None:
    data = encode(RGB, "PNG")
    assert read(tmp_path, data, max_pixels=35)[0].shape == (5, 7, 3)
    with pytest.raises(PictureError, match=r"7x5 = 35 pixels.*at most 34.*--max-pixels.*max_pixels="):
        read(tmp_path, data, max_pixels=34)
    with pytest.raises(UsageError, match="max_pixels is 0"):
        read(tmp_path, data, max_pixels=0)


@pytest.mark.parametrize("kind", KINDS)
def test_pillow_s_own_limit_stays_out_of_the_way_and_as_it_was(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 3)
    assert read(tmp_path, encode(RGB, kind))[0].shape == (5, 7, 3)
    with pytest.raises(PictureError, match="at most 34"):
        read(tmp_path, encode(RGB, kind), max_pixels=34)
    assert Image.MAX_IMAGE_PIXELS == 3


def test_threads_keep_their_own_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 3)
    paths = []
    for kind in KINDS:
        paths.append(tmp_path / kind)
        paths[-1].write_bytes(encode(RGB, kind))
    expected = {path: read_picture(path).pixels for path in paths}

    def attempt(number: int) -> bool:
        path = paths[number // 2 % len(paths)]
        if number % 2:
            with pytest.raises(PictureError, match="at most 34"):
                read_picture(path, max_pixels=34)
            return True
        return torch.equal(read_picture(path, max_pixels=35).pixels, expected[path])

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(attempt, range(600)))
    assert Image.MAX_IMAGE_PIXELS == 3


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs a list of open files")
def test_no_file_stays_open(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    kept = []
    for kind in KINDS:
        (tmp_path / kind).write_bytes(encode(RGB, kind))
        kept.append(read_picture(tmp_path / kind))
        (tmp_path / kind).write_bytes(encode(RGB, kind)[:60])
        with pytest.raises(PictureError):
            read_picture(tmp_path / kind)
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
