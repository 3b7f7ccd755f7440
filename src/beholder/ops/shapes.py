"""Checks on the tensors that a user hands in."""

from __future__ import annotations

import warnings

import torch
from torch import Tensor

from beholder.ops.tracing import is_traced
from beholder.spec import ShapeError

__all__ = ["RANGE_SLACK", "check_images", "check_pair"]

RANGE_SLACK = (
    1e-3  # room for the rounding of resizers and codecs; a picture in [0, 255] or [-1, 1] is far outside
)
_FAR_OUTSIDE = 1.0  # no network in training for [0, 1] overshoots that far for long; [0, 255] is further


def check_images(x: Tensor, *, name: str = "x", min_size: int = 1, channels: int | None = 3) -> None:
    """Refuse what is not a batch of images of at least ``min_size`` pixels a side.

    Args:
        x: What should be images, shape (N, C, H, W).
        name: Its name in the error.
        min_size: Smallest height and width, in pixels.
        channels: The C that is expected; ``None`` for any.

    Raises:
        ShapeError: If ``x`` is not a floating-point tensor of that shape, N at least 1.
    """
    if not isinstance(x, Tensor):
        raise ShapeError(
            f"{name} is a {type(x).__module__}.{type(x).__qualname__}; expected a torch.Tensor of shape "
            f"(N, {channels or 'C'}, H, W). beholder.read_picture reads a file into one."
        )
    if x.ndim != 4 or x.shape[0] == 0 or channels not in (None, x.shape[1]):
        raise ShapeError(
            f"{name} has shape {tuple(x.shape)}; expected (N, {channels or 'C'}, H, W): a batch of images."
        )
    if not x.is_floating_point():
        raise ShapeError(
            f"{name} has type {x.dtype}; expected floating point in [0, 1]: divide 8-bit pictures by 255."
        )
    if x.dtype not in (torch.float32, torch.float64):
        raise ShapeError(
            f"{name} has type {x.dtype}, too coarse for a score; expected float32: call .float() on it."
        )
    height, width = x.shape[-2:]
    if min(height, width) < min_size:
        raise ShapeError(f"the picture is {width}x{height}; expected at least {min_size}x{min_size} pixels.")


def check_pair(x: Tensor, y: Tensor, *, min_size: int = 1, channels: int | None = 3) -> None:
    """Refuse a pair that a metric cannot compare: shapes that differ, too few pixels, a wrong value range.

    Only the reference ``y`` must lie in [0, 1]: it is a picture, while ``x`` may be a network's output that
    overshoots; where it lies far outside, as values up to 255 do, a warning tells. Compiled and traced code
    does not look at the values.

    Raises:
        ShapeError: If the shapes or types differ, a side is shorter than ``min_size``, or ``y`` leaves [0, 1].
    """
    check_images(x, name="x", min_size=min_size, channels=channels)
    check_images(y, name="y", min_size=min_size, channels=channels)
    if x.shape != y.shape:
        raise ShapeError(f"x has shape {tuple(x.shape)} and y {tuple(y.shape)}; expected the same shape.")
    if x.dtype != y.dtype or x.device != y.device:
        raise ShapeError(
            f"x is {x.dtype} on {x.device} and y {y.dtype} on {y.device}; expected the same for both."
        )
    if not torch.compiler.is_compiling() and not is_traced():
        _check_range(x, y)


def _check_range(x: Tensor, y: Tensor) -> None:
    # One copy to the processor for all four numbers: each waits for an accelerator.
    bounds = torch.stack([*_once_in_order(x).aminmax(), *_once_in_order(y).aminmax()]).tolist()
    low_x, high_x, low, high = bounds
    if not (low >= -RANGE_SLACK and high <= 1 + RANGE_SLACK):
        raise ShapeError(
            f"the reference y holds values from {low:g} to {high:g}; expected [0, 1]. "
            "Divide 8-bit values by 255; map [-1, 1] with (y + 1) / 2."
        )
    if low_x < -_FAR_OUTSIDE or high_x > 1 + _FAR_OUTSIDE:
        warnings.warn(
            # The same text each time, so that Python tells it once and not at every step of a training.
            f"x holds values {_FAR_OUTSIDE:g} and more outside of [0, 1], where the reference lies. If they are 8-bit "
            "values, divide by 255.",
            stacklevel=4,
        )


def _once_in_order(x: Tensor) -> Tensor:
    """The numbers of pictures, in the order of memory: in another one torch copies them before it looks."""
    x = x.detach()
    if x.stride(0) == 0:
        x = x[:1]  # one picture, expanded into a batch
    return x.permute(0, 2, 3, 1) if x.is_contiguous(memory_format=torch.channels_last) else x
