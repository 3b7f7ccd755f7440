"""Files to tensors: every picture, whatever its format, as sRGB in [0, 1]."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import torch
from PIL import ImageColor

from beholder.images.addresses import as_file
from beholder.images.colour import to_srgb
from beholder.images.pillow_formats import decode_with_pillow
from beholder.images.png import decode_png
from beholder.images.raster import Raster, Samples, unit
from beholder.images.source import open_source, read_source, shown
from beholder.images.tiff import decode_tiff
from beholder.spec import PictureError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor

    from beholder.images.source import Source

__all__ = ["DEFAULT_MAX_PIXELS", "Picture", "check_colour", "decode_picture", "read_picture"]

DEFAULT_MAX_PIXELS = 100_000_000
"""Pictures with more pixels are refused unless asked for: in float32 such a one fills 1.2 GB."""

_Planes: TypeAlias = "NDArray[np.float32]"

_OTHER_DECODERS = {"PNG": decode_png, "TIFF": decode_tiff}


@dataclasses.dataclass(frozen=True)
class Picture:
    """A picture as metrics and networks take it.

    Attributes:
        pixels: Shape (3, H, W), float32, RGB, sRGB-encoded, in [0, 1].
        notes: What was changed on the way in, in words; empty for a plain sRGB picture.
    """

    pixels: Tensor
    notes: tuple[str, ...]


def read_picture(
    path: str | Path, *, background: str = "white", max_pixels: int = DEFAULT_MAX_PIXELS
) -> Picture:
    """Read a PNG, JPEG, WebP, TIFF, BMP or GIF file, whatever its ending says.

    In this order: samples of 1 to 16 bits are decoded without loss of depth; an embedded ICC profile is
    converted to sRGB, and CMYK to RGB; a picture that is not opaque is composited on ``background``, on
    sRGB-encoded values as browsers do; the picture is turned as its EXIF orientation says. An 8-bit value
    ``v`` becomes exactly ``v / 255`` in float32, a 16-bit one ``v / 65535``. Of several frames or pages the
    first is read. Safe to call from several threads.

    Args:
        path: The file, or its address in an object store, such as ``"s3://bucket/picture.png"``.
        background: Colour beneath transparent pixels: a CSS name or ``#rrggbb``.
        max_pixels: Refuse larger pictures, before their pixels are decoded.

    Returns:
        The pixels, and notes on all that was changed.

    Raises:
        PictureError: If the file is missing, is not a picture, cannot be read whole, or is too large.
        UsageError: If the background is not an opaque colour, or ``max_pixels`` is less than 1.
    """
    colour = _check(background, max_pixels)
    return _decode(read_source(as_file(path), max_pixels), background, colour)


def decode_picture(
    data: bytes, name: str, *, background: str = "white", max_pixels: int = DEFAULT_MAX_PIXELS
) -> Picture:
    """Decode a picture whose file is in memory, as `read_picture` does one on a disk.

    Args:
        data: The whole file.
        name: What errors call it.
        background: Colour beneath transparent pixels.
        max_pixels: Refuse larger pictures, before their pixels are decoded.

    Raises:
        PictureError: If it is not a picture, cannot be read whole, or is too large.
        UsageError: If the background is not an opaque colour, or ``max_pixels`` is less than 1.
    """
    colour = _check(background, max_pixels)
    return _decode(open_source(data, name, max_pixels), background, colour)


def _check(background: str, max_pixels: int) -> tuple[int, ...]:
    if max_pixels < 1:
        raise UsageError(f"max_pixels is {max_pixels}; expected 1 or more")
    return check_colour(background)


def _decode(source: Source, background: str, colour: tuple[int, ...]) -> Picture:
    try:
        raster = _OTHER_DECODERS.get(source.format, decode_with_pillow)(source)
        return _finish(raster, background, colour)
    except MemoryError as error:
        raise PictureError(
            f"{shown(source.path)}: found a picture that does not fit into memory; expected a smaller one; "
            "scale it down, or leave it out"
        ) from error


def _finish(raster: Raster, background: str, colour: tuple[int, ...]) -> Picture:
    colours, notes = to_srgb(raster)
    notes = raster.notes + notes
    # NumPy up to the end: PyTorch would split this little work over threads, and do so in each caller's thread
    planes = unit(colours.transpose(2, 0, 1))
    if raster.alpha is not None and not _opaque(raster.alpha):
        planes = _composite(planes, unit(raster.alpha), colour)
        notes += (f"transparency composited on {background}",)
    if raster.orientation != 1:
        planes = _upright(planes, raster.orientation)
        notes += (f"turned upright, from EXIF orientation {raster.orientation}",)
    if planes.shape[0] == 1:
        planes = np.broadcast_to(planes, (3, *planes.shape[1:]))
    return Picture(torch.from_numpy(np.ascontiguousarray(planes)), notes)


def check_colour(name: str) -> tuple[int, ...]:
    """Red, green and blue, 0 to 255, of a colour that Pillow can name.

    Raises:
        UsageError: If it is unknown or not opaque.
    """
    try:
        colour = ImageColor.getrgb(name)
    except ValueError as error:
        raise UsageError(
            f"background is {name!r}; expected a colour such as white, black or #808080"
        ) from error
    if len(colour) == 4 and colour[3] != 255:
        raise UsageError(f"background {name!r} is not opaque; expected a colour such as white or #808080")
    return colour[:3]


def _opaque(alpha: Samples) -> bool:
    full = 1 if alpha.dtype.kind == "f" else np.iinfo(alpha.dtype).max
    return bool(alpha.min() >= full)


def _composite(planes: _Planes, alpha: _Planes, colour: tuple[int, ...]) -> _Planes:
    beneath = np.array(colour, dtype=np.float32).reshape(3, 1, 1) / np.float32(255)
    return np.clip(planes * alpha + beneath * (1 - alpha), 0, 1)


def _upright(planes: _Planes, orientation: int) -> _Planes:
    # 5 to 8 are stored with rows and columns swapped; what is left are mirrorings
    if orientation >= 5:
        planes = planes.transpose(0, 2, 1)
    return np.flip(planes, {2: (2,), 3: (1, 2), 4: (1,), 5: (), 6: (2,), 7: (1, 2), 8: (1,)}[orientation])
