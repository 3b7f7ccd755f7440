"""Separable filters."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["filter_separable", "gaussian_kernel"]

_FEW = 8


def gaussian_kernel(size: int, sigma: float, like: Tensor) -> Tensor:
    """A Gaussian sampled at ``size`` integer positions around its centre, with sum 1, shape (size,).

    Args:
        size: Number of positions.
        sigma: Standard deviation, in positions.
        like: The kernel has its type and lies on its device.
    """
    weights = [math.exp(-((place - (size - 1) / 2) ** 2) / (2 * sigma**2)) for place in range(size)]
    total = math.fsum(weights)
    return torch.tensor([weight / total for weight in weights], dtype=like.dtype, device=like.device)


def filter_separable(x: Tensor, kernel: Tensor, *, step: int = 1) -> Tensor:
    """Correlate every channel with the outer product of ``kernel`` and itself, without padding.

    Args:
        x: Shape (N, C, H, W), H and W at least the kernel's length K.
        kernel: Shape (K,), of the type and on the device of ``x``.
        step: Keep every ``step``-th row and column, from the first.

    Returns:
        Shape (N, C, (H - K) // step + 1, (W - K) // step + 1).
    """
    images, channels, height, width = x.shape
    planes = x.reshape(images * channels, height, width)
    # Processors have fast float32 kernels for many channels at once, and slow ones for few.
    few = len(planes) < _FEW and x.device.type == "cpu" and x.dtype == torch.float32
    filtered = (_filter_columns if few else _filter_planes)(planes, kernel, step)
    return filtered.view(images, channels, *filtered.shape[-2:])


def _filter_planes(planes: Tensor, kernel: Tensor, step: int) -> Tensor:
    # One image of many channels: convolution libraries have fast depth-wise kernels and slow one-channel ones.
    count = len(planes)
    down, across = (kernel.view(shape).expand(count, 1, -1, -1) for shape in ((1, 1, -1, 1), (1, 1, 1, -1)))
    filtered = functional.conv2d(planes[None], down, stride=(step, 1), groups=count)
    return functional.conv2d(filtered, across, stride=(1, step), groups=count)[0]


def _filter_columns(planes: Tensor, kernel: Tensor, step: int) -> Tensor:
    for _ in range(2):
        # The columns become channels of an image one pixel wide, as memory has them in "channels last".
        width = planes.shape[-1]
        weight = kernel.view(1, 1, -1, 1).expand(width, 1, -1, -1)
        columns = planes.mT.unsqueeze(-1)
        planes = functional.conv2d(columns, weight, stride=(step, 1), groups=width).squeeze(-1)
        planes = planes.contiguous()
    return planes
