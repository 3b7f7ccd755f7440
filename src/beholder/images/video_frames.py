"""A decoded video frame to RGB, by the colour description that it carries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from beholder.images.source import shown
from beholder.ops.ycbcr import Matrix, enlarge_chroma, ycbcr_to_rgb
from beholder.spec import PictureError

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

__all__ = ["frame_pixels"]

# ITU-T H.273, tables 3 and 4: matrix coefficients, transfer characteristics.
_MATRICES: dict[int, Matrix] = {1: "bt709", 5: "bt601", 6: "bt601"}
_UNNAMED = (2, 3)
_HIGH_DYNAMIC_RANGE = {16: "PQ (HDR10)", 18: "HLG"}
_FULL_RANGE = 2  # as ffmpeg numbers it
_LARGE = (1280, 576)  # from here on, what names no matrix is taken for high definition, as players do
# Formats that hold the same samples in another order.
_REPACKED = {
    "nv12": "yuv420p",
    "nv21": "yuv420p",
    "p010le": "yuv420p10le",
    "yuyv422": "yuv422p",
    "uyvy422": "yuv422p",
}


def frame_pixels(frame: Any, path: Path) -> tuple[Tensor, tuple[str, ...]]:
    """RGB of a decoded frame, turned as its file says, and what had to be supposed.

    Args:
        frame: A frame of PyAV.
        path: Its file, for errors.

    Returns:
        Shape (3, H, W), float32, in [0, 1]; and a note for each thing that the file does not name.

    Raises:
        PictureError: If its pixel format or colours have no agreed meaning here.
    """
    if frame.color_trc in _HIGH_DYNAMIC_RANGE:
        raise _unsupported(path, f"high dynamic range ({_HIGH_DYNAMIC_RANGE[frame.color_trc]})")
    if frame.format.name in _REPACKED:
        frame = frame.reformat(format=_REPACKED[frame.format.name])
    if frame.format.is_rgb:
        pixels, notes = _rgb(frame, path), tuple[str, ...]()
    else:
        planes, bits, centred = _planes(frame, path)
        matrix, full_range, notes = _describe(frame, path)
        height, width = planes[0].shape[-2:]
        chroma = enlarge_chroma(torch.cat(planes[1:], 1), height, width, centred=centred)
        whole = torch.cat([planes[0], chroma], 1)
        pixels = ycbcr_to_rgb(whole, matrix, bits=bits, full_range=full_range)[0].clamp_(0, 1)
    return torch.rot90(pixels, round(frame.rotation / 90), (1, 2)).contiguous(), notes


def _planes(frame: Any, path: Path) -> tuple[list[Tensor], int, bool]:
    """The coded samples of each plane, shape (1, 1, h, w), their bits, and whether chroma lies centred."""
    layout = frame.format
    bits = layout.components[0].bits
    if (not layout.is_planar and len(layout.components) > 1) or (layout.is_big_endian and bits > 8):
        raise _unsupported(path, f"the pixel format {layout.name}")
    planes = []
    for part, plane in zip(layout.components, frame.planes, strict=False):
        kind = np.uint8 if bits == 8 else np.uint16
        rows = np.frombuffer(plane, kind).reshape(plane.height, -1)[:, : plane.width]
        planes.append(torch.from_numpy(rows.astype(np.float32))[None, None])
        if part.bits != bits:
            raise _unsupported(path, f"the pixel format {layout.name}")
    if len(planes) == 1:  # grey
        neutral = torch.full_like(planes[0], 128.0 * 2 ** (bits - 8))
        planes += [neutral, neutral]
    height, width = planes[0].shape[-2:]
    for plane in planes[1:3]:
        if plane.shape[-2] not in (height, -(-height // 2)) or plane.shape[-1] not in (width, -(-width // 2)):
            raise _unsupported(path, f"the pixel format {layout.name}")
    return planes[:3], bits, layout.name.startswith("yuvj")


def _describe(frame: Any, path: Path) -> tuple[Matrix, bool, tuple[str, ...]]:
    full_range = frame.color_range == _FULL_RANGE or frame.format.name.startswith("yuvj")
    if frame.colorspace in _MATRICES:
        return _MATRICES[frame.colorspace], full_range, ()
    if frame.colorspace not in _UNNAMED:
        raise _unsupported(
            path, f"colours with the matrix {frame.colorspace} of ITU-T H.273 (9 and 10 are BT.2020)"
        )
    matrix: Matrix = "bt709" if frame.width >= _LARGE[0] or frame.height > _LARGE[1] else "bt601"
    name = {"bt601": "BT.601", "bt709": "BT.709"}[matrix]
    return matrix, full_range, (f"names no colour matrix; {name} supposed from its size",)


def _rgb(frame: Any, path: Path) -> Tensor:
    if any(part.bits != 8 for part in frame.format.components):
        raise _unsupported(path, f"the pixel format {frame.format.name}")
    return torch.from_numpy(frame.to_ndarray(format="rgb24")).permute(2, 0, 1).float() / 255


def _unsupported(path: Path, what: str) -> PictureError:
    return PictureError(
        f"{shown(path)}: found {what}; expected standard dynamic range with BT.601 or BT.709 colours, as planar "
        "Y'CbCr of 8 to 16 bits or RGB of 8; convert it with ffmpeg first."
    )
