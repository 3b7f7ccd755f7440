"""Tensors to files: 8-bit pictures, rounded."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image

from beholder.images.source import shown
from beholder.spec import PictureError, ShapeError, UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

__all__ = ["check_picture_ending", "eight_bit", "save_picture"]

_JPEG: dict[str, Any] = {"format": "JPEG", "quality": 95, "subsampling": 0}
_TIFF: dict[str, Any] = {"format": "TIFF", "compression": "tiff_adobe_deflate"}
_WRITERS: dict[str, dict[str, Any]] = {
    ".png": {"format": "PNG"},
    ".jpg": _JPEG,
    ".jpeg": _JPEG,
    ".webp": {"format": "WEBP", "lossless": True},
    ".tif": _TIFF,
    ".tiff": _TIFF,
    ".bmp": {"format": "BMP"},
}


def save_picture(pixels: Tensor, path: str | Path) -> None:
    """Write a picture with 8 bits a channel, in the format that the path's ending names.

    Values are clamped to [0, 1] and rounded to the nearest of 256 levels, so that a picture read from an
    8-bit file is written back unchanged. PNG, WebP, TIFF and BMP are written without loss, JPEG at quality
    95 without chroma subsampling.

    Args:
        pixels: Shape (3, H, W), floating point, RGB, sRGB-encoded, meant to lie in [0, 1].
        path: Ends in .png, .jpg, .jpeg, .webp, .tif, .tiff or .bmp. An existing file is replaced.

    Raises:
        ShapeError: If the pixels have another shape or type, or are not all numbers.
        UsageError: If the ending is another.
        PictureError: If the file cannot be written.
    """
    path = Path(path)
    check_picture_ending(path)
    _check(pixels, path)
    encoded = io.BytesIO()
    try:
        # in memory first: an encoder that fails then leaves no half-written file
        Image.fromarray(eight_bit(pixels)).save(encoded, **_WRITERS[path.suffix.lower()])
        path.write_bytes(encoded.getbuffer())
    except (OSError, ValueError) as error:
        raise PictureError(
            f"{shown(path)}: the picture could not be written ({error}); check that the folder exists, that "
            "you may write there, and that the format can hold a picture of this size"
        ) from error


def check_picture_ending(path: Path) -> None:
    """Refuse a path that `save_picture` does not write to.

    Raises:
        UsageError: If the ending is no picture's.
    """
    if path.suffix.lower() not in _WRITERS:
        raise UsageError(
            f"{shown(path)}: cannot write {path.suffix or 'a name without an ending'}; "
            f"expected one of {', '.join(sorted(_WRITERS))}"
        )


def eight_bit(pixels: Tensor) -> NDArray[np.uint8]:
    """A picture's values clamped to [0, 1] and rounded to the nearest of 256 levels.

    Args:
        pixels: Shape (3, H, W), floating point, without NaN.

    Returns:
        Shape (H, W, 3), as Pillow takes it.
    """
    values = pixels.detach().to("cpu", torch.float32).numpy()
    levels = np.rint(values.clip(0, 1) * 255).astype(np.uint8)
    return np.ascontiguousarray(levels.transpose(1, 2, 0))


def _check(pixels: Tensor, path: Path) -> None:
    if pixels.ndim != 3 or pixels.shape[0] != 3 or 0 in pixels.shape or not pixels.is_floating_point():
        raise ShapeError(
            f"{shown(path)}: found {pixels.dtype} pixels of shape {tuple(pixels.shape)}; expected floating "
            "point of shape (3, H, W)"
        )
    if pixels.isnan().any():
        raise ShapeError(f"{shown(path)}: found pixels that are not numbers (NaN); expected values in [0, 1]")
