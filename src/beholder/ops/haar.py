"""Responses of Haar wavelets at every pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["haar_responses"]


def haar_responses(x: Tensor, scales: int) -> list[Tensor]:
    r"""Filter with Haar wavelets, counting 0 beyond the border, without sub-sampling.

    The wavelet of scale k is a square of :math:`2^k` pixels a side, :math:`-2^{-k}` on one half and
    :math:`2^{-k}` on the other. Borders are those of MATLAB's ``conv2(..., 'same')``.

    Args:
        x: Shape (N, 1, H, W).
        scales: Number of scales, from 1 up.

    Returns:
        For each scale, shape (N, 2, H, W): the response to change downwards and to change to the right; their
        signs mean nothing.
    """
    height, width = x.shape[-2:]
    largest = 2 ** (scales - 1)
    padded = functional.pad(x, (largest - 1, largest, largest - 1, largest))
    # The wavelets do not see a constant; around the mean, sums keep more digits.
    boxes = padded - x.mean((1, 2, 3), keepdim=True).detach()
    responses = []
    for scale in range(scales):
        half = 2**scale
        wide = boxes[..., :-half] + boxes[..., half:]
        tall = boxes[..., :-half, :] + boxes[..., half:, :]
        first = largest - half
        rows, columns = slice(first, first + height), slice(first, first + width)
        next_rows, next_columns = (slice(first + half, first + half + size) for size in (height, width))
        down = wide[..., next_rows, columns] - wide[..., rows, columns]
        right = tall[..., rows, next_columns] - tall[..., rows, columns]
        responses.append(torch.cat([down, right], 1) / (2 * half))
        boxes = wide[..., :-half, :] + wide[..., half:, :]
    return responses
