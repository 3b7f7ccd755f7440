"""Separable filters."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["filter_separable", "gaussian_kernel"]


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


def filter_separable(x: Tensor, kernel: Tensor) -> Tensor:
    """Correlate every channel with the outer product of ``kernel`` and itself, without padding.

    Args:
        x: Shape (N, C, H, W), H and W at least the kernel's length K.
        kernel: Shape (K,), of the type and on the device of ``x``.

    Returns:
        Shape (N, C, H - K + 1, W - K + 1).
    """
    images, channels, height, width = x.shape
    # One image of N * C channels: convolution libraries have fast depth-wise kernels and slow one-channel ones.
    planes = images * channels
    flat = x.reshape(1, planes, height, width)
    flat = functional.conv2d(flat, kernel.view(1, 1, -1, 1).expand(planes, 1, -1, 1), groups=planes)
    flat = functional.conv2d(flat, kernel.view(1, 1, 1, -1).expand(planes, 1, 1, -1), groups=planes)
    return flat.view(images, channels, *flat.shape[-2:])
