"""Bicubic and bilinear resizing by MATLAB's rule."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor

__all__ = ["resize"]

Kernel = Literal["bicubic", "bilinear"]


def resize(
    x: Tensor, height: int, width: int, *, kernel: Kernel = "bicubic", scale: float | None = None
) -> Tensor:
    """Interpolation, antialiased when shrinking, as MATLAB's ``imresize``.

    Args:
        x: Images, shape (N, C, H, W).
        height: Wanted height, in pixels.
        width: Wanted width, in pixels.
        kernel: ``"bicubic"`` or ``"bilinear"``.
        scale: Output pixels per input pixel; by default the ratio of the sizes. MATLAB's ``imresize(x, scale)``
            keeps the scale as it is and rounds the sizes up.

    Returns:
        Shape (N, C, height, width). Bicubic interpolation overshoots: values can leave the input's range.

    References:
        Keys, "Cubic Convolution Interpolation for Digital Image Processing", IEEE TASSP 1981,
        doi:10.1109/TASSP.1981.1163711, with a = -1/2.
    """
    if x.shape[-2] != height:
        x = _weights(x.shape[-2], height, kernel, scale).to(x) @ x
    if x.shape[-1] != width:
        x = x @ _weights(x.shape[-1], width, kernel, scale).to(x).T
    return x


def _weights(size: int, wanted: int, kernel: Kernel, scale: float | None) -> Tensor:
    """The matrix of shape (wanted, size) that interpolates along one side."""
    scale = scale or wanted / size
    stretch = min(scale, 1.0)  # shrinking widens the kernel, so that it also removes what would alias
    support = (4 if kernel == "bicubic" else 2) / stretch
    centres = (torch.arange(wanted, dtype=torch.float64) + 0.5) / scale - 0.5
    taps = math.ceil(support) + 2
    indices = torch.floor(centres - support / 2)[:, None] + torch.arange(taps)
    weights = stretch * _KERNELS[kernel](stretch * (centres[:, None] - indices))
    weights = weights / weights.sum(1, keepdim=True)
    mirrored = indices.long() % (2 * size)
    mirrored = torch.minimum(
        mirrored, 2 * size - 1 - mirrored
    )  # symmetric border: the edge pixel counts twice
    return torch.zeros(wanted, size, dtype=torch.float64).scatter_add_(1, mirrored, weights)


def _cubic(t: Tensor) -> Tensor:
    t = t.abs()
    near = 1.5 * t**3 - 2.5 * t**2 + 1
    far = -0.5 * t**3 + 2.5 * t**2 - 4 * t + 2
    return torch.where(t <= 1, near, torch.where(t <= 2, far, 0))


def _triangle(t: Tensor) -> Tensor:
    return torch.relu(1 - t.abs())


_KERNELS = {"bicubic": _cubic, "bilinear": _triangle}
