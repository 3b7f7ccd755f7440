"""Pictures stored turned or mirrored come out upright, and are turned once only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np
import pytest

from images.files import eight_bits, encode, exif, png_chunk, read, tiff

if TYPE_CHECKING:
    from pathlib import Path

RNG = np.random.default_rng(7)
RGB = RNG.integers(0, 256, (5, 7, 3), dtype=np.uint8)
DEEP = RNG.integers(0, 65536, (5, 7, 3), dtype=np.uint16)

# For each EXIF orientation: where a stored row and column belong in the upright picture of height h and width w.
UPRIGHT: dict[int, Any] = {
    1: lambda r, c, h, w: (r, c),
    2: lambda r, c, h, w: (r, w - 1 - c),
    3: lambda r, c, h, w: (h - 1 - r, w - 1 - c),
    4: lambda r, c, h, w: (h - 1 - r, c),
    5: lambda r, c, h, w: (c, r),
    6: lambda r, c, h, w: (c, w - 1 - r),
    7: lambda r, c, h, w: (h - 1 - c, w - 1 - r),
    8: lambda r, c, h, w: (h - 1 - c, r),
}
ORIENTED: dict[str, Any] = {
    "jpeg": lambda o: encode(RGB, "JPEG", exif=b"Exif\0\0" + exif(o)),
    "png": lambda o: encode(RGB, "PNG", exif=exif(o)),
    "webp": lambda o: encode(RGB, "WEBP", exif=exif(o)),
    "tiff": lambda o: tiff(RGB, photometric="rgb", extratags=[(274, 3, 1, o, True)]),
    "tiff-jpeg": lambda o: tiff(RGB, photometric="rgb", compression="jpeg", extratags=[(274, 3, 1, o, True)]),
    "tiff-16": lambda o: tiff(DEEP, photometric="rgb", extratags=[(274, 3, 1, o, True)]),
    "png-16": lambda o: _with_exif(imagecodecs.png_encode(DEEP), o),
}


def _with_exif(data: bytes, orientation: int) -> bytes:
    return data[:33] + png_chunk(b"eXIf", exif(orientation)) + data[33:]


@pytest.mark.parametrize("kind", ORIENTED)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied_once(tmp_path: Path, kind: str, orientation: int) -> None:
    stored, _ = read(tmp_path, ORIENTED[kind](1))
    pixels, notes = read(tmp_path, ORIENTED[kind](orientation))
    height, width = (7, 5) if orientation >= 5 else (5, 7)
    assert pixels.shape == (height, width, 3)
    for row in range(5):
        for column in range(7):
            place = UPRIGHT[orientation](row, column, height, width)
            assert np.array_equal(pixels[place], stored[row, column])
    turned = (f"turned upright, from EXIF orientation {orientation}",)
    assert notes == (() if orientation == 1 else turned)


@pytest.mark.parametrize("value", [0, 9, 255])
def test_an_orientation_that_does_not_exist_is_upright(tmp_path: Path, value: int) -> None:
    assert np.array_equal(read(tmp_path, ORIENTED["png"](value))[0], eight_bits(RGB))
