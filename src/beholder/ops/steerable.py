"""Steerable pyramids."""

from __future__ import annotations

import math

import torch
from torch import Tensor

__all__ = ["complex_band"]


def complex_band(x: Tensor, level: int, orientations: int) -> Tensor:
    r"""One level of the complex steerable pyramid: its oriented bands, each with its quadrature partner.

    In polar frequencies, :math:`\rho` counted in octaves from half the sampling rate, the bands are

    .. math:: 2 \sqrt{c} \, \cos^{n-1}_+(\theta - \pi b / n) \; H(\rho + L) \prod_{k=0}^{L-1} L(\rho + k)

    where H rises as a cosine from 0 at -1 to 1 at 0, :math:`L^2 + H^2 = 1`, and c makes the n bands' powers sum to
    a constant. The mean of ``x`` is in none of them. Equals the level's bands in ``buildSCFpyr(x, L, n - 1)``
    times :math:`i^{n-1}` and the ratio of the sizes, except that H and L are not taken from tables of 256 values.

    Args:
        x: Images, shape (N, 1, H, W).
        level: L, 1 for the finest; each side of the image is at least 2^L.
        orientations: n.

    Returns:
        Complex, shape (N, n, ceil(H / 2^(L-1)), ceil(W / 2^(L-1))).

    References:
        Portilla and Simoncelli, "A Parametric Texture Model Based on Joint Statistics of Complex Wavelet
        Coefficients", IJCV 2000, doi:10.1023/A:1026553619983.
    """
    step = 1 << (level - 1)
    height, width = (-(-size // step) for size in x.shape[-2:])
    spectrum = torch.fft.fft2(x - x.mean((2, 3), keepdim=True), norm="forward")
    rows, columns = _frequencies(height, x), _frequencies(width, x)
    low = spectrum.index_select(-2, rows.long() % x.shape[-2]).index_select(-1, columns.long() % x.shape[-1])
    filters = _filters(rows * 2 / x.shape[-2], columns * 2 / x.shape[-1], level, orientations)
    bands: Tensor = torch.fft.ifft2(low * filters, norm="forward")
    return bands


def _frequencies(size: int, like: Tensor) -> Tensor:
    """Whole numbers of cycles, in the order of a discrete Fourier transform."""
    cycles: Tensor = torch.fft.fftfreq(size, 1 / size, dtype=like.dtype, device=like.device)
    return cycles.round()


def _filters(rows: Tensor, columns: Tensor, level: int, orientations: int) -> Tensor:
    down, across = torch.meshgrid(rows, columns, indexing="ij")
    radius = torch.hypot(down, across)
    mean = radius == 0
    octaves = torch.where(mean, 1, radius).log2()
    radial = _high(octaves + level)
    for finer in range(level):
        radial = radial * (1 - _high(octaves + finer).square()).clamp(min=0).sqrt()
    order = orientations - 1
    power = 2 ** (2 * order) * math.factorial(order) ** 2 / (orientations * math.factorial(2 * order))
    turns = [math.pi * band / orientations for band in range(orientations)]
    angle = torch.atan2(down, across)
    angular = torch.stack([(angle - turn).cos().clamp(min=0) ** order for turn in turns])
    return 2 * math.sqrt(power) * angular * torch.where(mean, 0, radial)


def _high(octaves: Tensor) -> Tensor:
    return (octaves.clamp(-1, 0) * (math.pi / 2)).cos()
