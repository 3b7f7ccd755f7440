"""Steerable pyramids made with small filters."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["fifth_order_bands"]

# Simoncelli's sp5Filters (matlabPyrTools). Rows of the low-pass filters from their edge to their middle, each up
# to the diagonal: the rest is symmetric.
_FIRST = ((0.00341614,), (-0.01551246, 0.05586982), (-0.03848215, 0.1592557, 0.40304148))
_LOW = (
    (0.00170808,),
    (-0.00489834, -0.01046562),
    (-0.00775624, -0.01322234, 0.02793492),
    (-0.01888864, 0.008212, 0.06554076, 0.12852666),
    (-0.01924108, 0.02005976, 0.07962786, 0.16339236, 0.2019308),
)
# Rows of the first band's filter from its edge to its middle, each up to the 0 in its middle.
_BAND = (
    (0.00277643, -0.00986904, -0.01021852),
    (0.00496194, -0.00893064, -0.03075356),
    (0.01026699, 0.01189859, -0.08226445),
    (0.01455399, 0.02755155, -0.11732297),
)


def fifth_order_bands(x: Tensor, levels: int) -> list[Tensor]:
    """The upright and the level band of a steerable pyramid with six orientations, finest level first.

    Equals bands 1 and 4 (this one with the other sign) of each level of ``buildSpyr(x, levels, 'sp5Filters',
    'reflect1')``.

    Args:
        x: Images, shape (N, 1, H, W), H and W above 2^(levels + 1).
        levels: Number of levels.

    Returns:
        Shapes (N, 2, ceil(H / 2^k), ceil(W / 2^k)).

    References:
        Simoncelli and Freeman, "The Steerable Pyramid: A Flexible Architecture for Multi-Scale Derivative
        Computation", ICIP 1995, doi:10.1109/ICIP.1995.537667; Karasaridis and Simoncelli, "A Filter Design
        Technique for Steerable Pyramid Image Transforms", ICASSP 1996, doi:10.1109/ICASSP.1996.547763.
    """
    upright = torch.tensor(
        [[*row, 0.0, *(-value for value in reversed(row))] for row in (*_BAND, *_BAND[-2::-1])],
        dtype=torch.float64,
    ).to(x)
    oriented = torch.stack([upright, upright.T]).unsqueeze(1)
    low_pass = _symmetric(_LOW).to(x)
    x = _filter(x, _symmetric(_FIRST).to(x))
    bands = []
    for level in range(levels):
        if level:
            x = _filter(x, low_pass, step=2)
        bands.append(_filter(x, oriented))
    return bands


def _symmetric(triangle: tuple[tuple[float, ...], ...]) -> Tensor:
    size = len(triangle)
    places = [size - 1 - abs(place) for place in range(1 - size, size)]
    rows = [[triangle[max(row, column)][min(row, column)] for column in places] for row in places]
    return torch.tensor(rows, dtype=torch.float64)[None, None]


def _filter(x: Tensor, kernels: Tensor, *, step: int = 1) -> Tensor:
    border = kernels.shape[-1] // 2
    return functional.conv2d(functional.pad(x, (border,) * 4, mode="reflect"), kernels, stride=step)
