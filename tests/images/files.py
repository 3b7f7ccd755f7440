"""Picture files in memory, some written byte by byte where no library writes them, and a way to read them."""

from __future__ import annotations

import io
import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import tifffile
import torch
from PIL import Image

from beholder.images import read_picture

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def png(
    width: int,
    height: int,
    depth: int,
    colour_type: int,
    rows: bytes,
    *,
    extra: tuple[tuple[bytes, bytes], ...] = (),
) -> bytes:
    """A PNG file from its filtered rows, with more chunks ahead of the pixels."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    chunks = [(b"IHDR", header), *extra, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(name, data) for name, data in chunks)


def png_chunk(name: bytes, data: bytes) -> bytes:
    """A chunk with its length and checksum."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def exif(orientation: int) -> bytes:
    """A minimal big-endian EXIF block, without the ``Exif`` marker that JPEG puts ahead of it."""
    return b"MM\0*" + struct.pack(">IHHHIHxxI", 8, 1, 274, 3, 1, orientation, 0)


def encode(pixels: NDArray[Any], kind: str, *, mode: str | None = None, **options: Any) -> bytes:
    """A file of any kind that Pillow writes; WebP without loss."""
    file = io.BytesIO()
    image = Image.fromarray(pixels)
    if kind == "WEBP":
        options = {"lossless": True, "exact": True} | options
    (image if mode is None else image.convert(mode)).save(file, kind, **options)
    return file.getvalue()


def tiff(pixels: NDArray[Any], **options: Any) -> bytes:
    """A TIFF of any sample type."""
    file = io.BytesIO()
    tifffile.imwrite(file, pixels, **options)
    return file.getvalue()


def read(folder: Path, data: bytes, **options: Any) -> tuple[NDArray[np.float32], tuple[str, ...]]:
    """Pixels as (H, W, 3), and notes."""
    path = folder / "picture"
    path.write_bytes(data)
    picture = read_picture(path, **options)
    assert picture.pixels.dtype == torch.float32
    assert picture.pixels.is_contiguous()
    assert picture.pixels.shape[0] == 3
    return picture.pixels.permute(1, 2, 0).numpy(), picture.notes


def eight_bits(values: NDArray[Any]) -> NDArray[np.float32]:
    """What 8-bit values must become."""
    return values.astype(np.float32) / np.float32(255)
