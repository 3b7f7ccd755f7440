"""Down-sampling and the pyramids made by it, with the borders that the authors' MATLAB code has."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from beholder.ops.borders import pad_symmetric

__all__ = ["halve", "laplacian_pyramid", "subsample_box"]

_GENERATING = (0.05, 0.25, 0.4, 0.25, 0.05)  # Burt and Adelson's generating kernel with a = 0.4


def halve(x: Tensor) -> Tensor:
    """Average blocks of 2x2 pixels; the last row or column of an odd size is averaged alone.

    Equals ``imfilter(x, ones(2)/4, 'symmetric')`` sampled at every second pixel.

    Args:
        x: Shape (N, C, H, W).

    Returns:
        Shape (N, C, ceil(H / 2), ceil(W / 2)).
    """
    return functional.avg_pool2d(x, 2, ceil_mode=True, count_include_pad=False)


def subsample_box(x: Tensor, factor: int) -> Tensor:
    """Filter with a box of ``factor`` pixels a side, symmetric borders, and keep every ``factor``-th pixel.

    Equals ``imfilter(x, ones(f)/f^2, 'symmetric')`` followed by ``x(1:f:end, 1:f:end)``.

    Args:
        x: Shape (N, C, H, W).
        factor: Side of the box and step, at least 1.

    Returns:
        Shape (N, C, ceil(H / factor), ceil(W / factor)).
    """
    if factor == 1:
        return x
    before = (factor - 1) // 2
    return functional.avg_pool2d(pad_symmetric(x, before, factor - 1 - before), factor)


def laplacian_pyramid(x: Tensor, levels: int) -> list[Tensor]:
    """Band-pass images of falling size, and the low-pass image that is left.

    Each level is the image less its down-sampled copy, enlarged again; the next starts from the down-sampled copy.
    Both filters are Burt and Adelson's (0.05, 0.25, 0.4, 0.25, 0.05). Down-sampling mirrors the border, the edge
    pixel included; enlarging repeats the edge pixel.

    Args:
        x: Shape (N, C, H, W), H and W above 2^(levels - 2).
        levels: Number of images, the low-pass one included.

    Returns:
        Shapes (N, C, ceil(H / 2^k), ceil(W / 2^k)), the finest first. Enlarging and adding from the last to the
        first restores ``x``.

    References:
        Burt and Adelson, "The Laplacian Pyramid as a Compact Image Code", IEEE Transactions on Communications
        1983, doi:10.1109/TCOM.1983.1095851.
    """
    pyramid = []
    for _ in range(levels - 1):
        low = _reduce(x)
        pyramid.append(x - _expand(low, x.shape[-2], x.shape[-1]))
        x = low
    return [*pyramid, x]


def _generating_kernel(planes: int, like: Tensor) -> Tensor:
    row = torch.tensor(_GENERATING, dtype=like.dtype, device=like.device)
    # Depth-wise convolution is several times faster than one of single-channel images.
    return torch.outer(row, row).expand(planes, 1, 5, 5)


def _reduce(x: Tensor) -> Tensor:
    images, channels, height, width = x.shape
    planes = images * channels
    flat = pad_symmetric(x, 2, 2).reshape(1, planes, height + 4, width + 4)
    low = functional.conv2d(flat, _generating_kernel(planes, x), stride=2, groups=planes)
    return low.view(images, channels, *low.shape[-2:])


def _expand(x: Tensor, height: int, width: int) -> Tensor:
    images, channels = x.shape[:2]
    planes = images * channels
    padded = functional.pad(x, (1, 1, 1, 1), mode="replicate")
    flat = padded.reshape(1, planes, *padded.shape[-2:])
    # Of every four pixels three are inserted zeros: the kernel's sum is 4.
    kernel = 4 * _generating_kernel(planes, x)
    wide = functional.conv_transpose2d(flat, kernel, stride=2, groups=planes)
    return wide[..., 4 : 4 + height, 4 : 4 + width].reshape(images, channels, height, width)
