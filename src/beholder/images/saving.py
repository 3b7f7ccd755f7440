"""Tensors to files: 8-bit pictures, rounded."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image, ImageCms, UnidentifiedImageError

from beholder.images.pillow_formats import without_size_limit
from beholder.images.source import shown
from beholder.spec import PictureError, ShapeError, UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

__all__ = ["check_picture_ending", "eight_bit", "save_picture"]

_DETAILS = 0x8769  # the EXIF directory proper
# What tells of a picture and not of how its file is laid out, as most tags of a TIFF do: words, resolution, camera,
# time, author, rights, place, stars, and the words that Windows adds.
_LASTING = frozenset(
    (
        *(0x010E, 0x010F, 0x0110, 0x011A, 0x011B, 0x0128, 0x0131, 0x0132, 0x013B, 0x013C, 0x8298),
        *(_DETAILS, 0x8825, 0x4746, 0x4749, *range(0x9C9B, 0x9CA0)),
    )
)
_COLOUR_SPACE, _SRGB = 0xA001, 1
_OUTDATED = (0xA002, 0xA003, 0xA005)  # width, height, and which rules another colour space follows
_PROFILE_DATE = slice(24, 36)
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


def save_picture(pixels: Tensor, path: str | Path, *, like: str | Path | None = None) -> None:
    """Write a picture with 8 bits a channel, in the format that the path's ending names.

    Values are clamped to [0, 1] and rounded to the nearest of 256 levels, so that a picture read from an
    8-bit file is written back unchanged. PNG, WebP, TIFF and BMP are written without loss, JPEG at quality
    95 without chroma subsampling.

    Args:
        pixels: Shape (3, H, W), RGB, sRGB-encoded; floating point, meant to lie in [0, 1], or uint8.
        path: Ends in .png, .jpg, .jpeg, .webp, .tif, .tiff or .bmp. An existing file is replaced.
        like: A picture file whose EXIF data is kept, but for what no longer holds: orientation, size, colour space
            and layout. Where it has a colour profile, the result has one too: that of sRGB. Of a TIFF that Pillow does
            not read, as of floating-point samples, nothing is kept. A TIFF that is written with EXIF data is not
            compressed.

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
        options = _WRITERS[path.suffix.lower()] | (_kept(Path(like)) if like is not None else {})
        if options["format"] == "TIFF" and "exif" in options:
            options["compression"] = None  # libtiff, which compresses, cannot write EXIF directories
        Image.fromarray(eight_bit(pixels)).save(encoded, **options)
        path.write_bytes(encoded.getvalue())
    except (OSError, ValueError) as error:
        raise PictureError(
            f"{shown(path)}: the picture could not be written ({error}); check that the folder exists, that "
            "you may write there, and that the format can hold a picture of this size"
        ) from error


def _kept(path: Path) -> dict[str, Any]:
    try:
        with without_size_limit():
            picture = Image.open(path)
    except UnidentifiedImageError:
        return {}
    with picture:
        told, profile = picture.getexif(), picture.info.get("icc_profile")
        for tag in told.keys() - _LASTING:
            del told[tag]
        # asking for a directory that is not there would make an empty one
        details = told.get_ifd(_DETAILS) if _DETAILS in told else {}
        for tag in _OUTDATED:
            details.pop(tag, None)
        if _COLOUR_SPACE in details:
            details[_COLOUR_SPACE] = _SRGB
        kept: dict[str, Any] = {"exif": told.tobytes()} if told else {}
    return kept | ({"icc_profile": _srgb_profile()} if profile else {})


def _srgb_profile() -> bytes:
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    # The moment of its making would make two files of the same pixels differ.
    profile[_PROFILE_DATE] = struct.pack(">6H", 2000, 1, 1, 0, 0, 0)
    return bytes(profile)


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
        pixels: Shape (3, H, W), floating point, without NaN, or uint8.

    Returns:
        Shape (H, W, 3), as Pillow takes it.
    """
    if pixels.dtype == torch.uint8:
        return np.ascontiguousarray(pixels.permute(1, 2, 0).cpu().numpy())
    values = pixels.detach().to("cpu", torch.float32).numpy()
    levels = np.rint(values.clip(0, 1) * 255).astype(np.uint8)
    return np.ascontiguousarray(levels.transpose(1, 2, 0))


def _check(pixels: Tensor, path: Path) -> None:
    if (
        pixels.ndim != 3
        or pixels.shape[0] != 3
        or 0 in pixels.shape
        or not (pixels.is_floating_point() or pixels.dtype == torch.uint8)
    ):
        raise ShapeError(
            f"{shown(path)}: found {pixels.dtype} pixels of shape {tuple(pixels.shape)}; expected floating "
            "point or uint8 of shape (3, H, W)"
        )
    if pixels.is_floating_point() and pixels.isnan().any():
        raise ShapeError(f"{shown(path)}: found pixels that are not numbers (NaN); expected values in [0, 1]")
