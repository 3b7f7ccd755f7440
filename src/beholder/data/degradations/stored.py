"""Pictures as a file with 8 bits a channel stores them."""

from __future__ import annotations

import torch
from torch import Tensor

from beholder.spec import ShapeError

__all__ = ["check_picture", "to_levels", "to_unit"]


def check_picture(picture: Tensor) -> None:
    """Refuse what is not one RGB picture, uint8 or floating point.

    Raises:
        ShapeError: If the shape is not (3, H, W), a side is empty, or the type is another.
    """
    if not isinstance(picture, Tensor):
        raise ShapeError(f"the picture is {type(picture).__name__}; expected a torch.Tensor (3, H, W).")
    if picture.ndim != 3 or picture.shape[0] != 3 or 0 in picture.shape:
        raise ShapeError(f"the picture has shape {tuple(picture.shape)}; expected (3, H, W).")
    if picture.dtype != torch.uint8 and not picture.is_floating_point():
        raise ShapeError(
            f"the picture has type {picture.dtype}; expected uint8, or floating point in [0, 1]."
        )


def to_levels(picture: Tensor) -> Tensor:
    """The nearest of 256 levels, values beyond [0, 1] clamped; uint8 stays as it is.

    Args:
        picture: Shape (3, H, W), uint8, or floating point in [0, 1].

    Returns:
        Same shape, uint8.
    """
    if picture.dtype == torch.uint8:
        return picture
    return (picture.clamp(0, 1) * 255).round_().to(torch.uint8)


def to_unit(picture: Tensor) -> Tensor:
    """Level ``v`` as ``v / 255``; floating point stays as it is.

    Args:
        picture: Shape (3, H, W), uint8, or floating point in [0, 1].

    Returns:
        Same shape, float32.
    """
    if picture.dtype != torch.uint8:
        return picture.to(torch.float32)
    return picture.to(torch.float32).div_(255)
