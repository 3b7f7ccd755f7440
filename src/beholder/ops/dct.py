"""Discrete cosine transform of blocks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["dct_blocks", "dct_matrix", "split_blocks"]


def dct_matrix(size: int, like: Tensor) -> Tensor:
    """The orthonormal DCT-II: row k holds the k-th cosine, MATLAB's ``dctmtx(size)``, shape (size, size).

    Args:
        size: Number of samples.
        like: The matrix has its type and lies on its device.
    """
    rows = [
        [
            math.sqrt((1 if row == 0 else 2) / size) * math.cos(math.pi * row * (2 * place + 1) / (2 * size))
            for place in range(size)
        ]
        for row in range(size)
    ]
    return torch.tensor(rows, dtype=like.dtype, device=like.device)


def split_blocks(x: Tensor, size: int) -> Tensor:
    """The pixels of every whole block, row by row, from the upper left corner; what is left over is dropped.

    Args:
        x: Shape (N, 1, H, W), H and W at least ``size``.
        size: Side of a block.

    Returns:
        Shape (N, size^2, H // size, W // size): channel ``size * i + j`` holds the pixel in row i, column j.
    """
    images = x.shape[0]
    rows, columns = x.shape[-2] // size, x.shape[-1] // size
    blocks = x[:, 0, : rows * size, : columns * size].reshape(images, rows, size, columns, size)
    return blocks.permute(0, 2, 4, 1, 3).reshape(images, size * size, rows, columns)


def dct_blocks(blocks: Tensor, subbands: Sequence[int] | None = None) -> Tensor:
    """Two-dimensional DCT of blocks that `split_blocks` made.

    Args:
        blocks: Shape (N, size^2, rows, columns).
        subbands: The coefficients that are wanted; all by default. Number ``size * k + l`` is the k-th cosine down
            and the l-th across.

    Returns:
        The coefficients, shape (N, number of subbands, rows, columns).
    """
    images, pixels, rows, columns = blocks.shape
    size = math.isqrt(pixels)
    matrix = dct_matrix(size, blocks)
    # One matrix product of pixels by blocks: faster than two small ones, or a convolution with stride.
    both = torch.einsum("ki,lj->klij", matrix, matrix).reshape(pixels, pixels)
    if subbands is not None:
        both = both[list(subbands)]
    return (both @ blocks.reshape(images, pixels, rows * columns)).view(images, -1, rows, columns)
