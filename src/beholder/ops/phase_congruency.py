"""Phase congruency: how much the waves of all scales agree that there is a feature."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from beholder.ops.log_gabor import half_plane_sum, log_gabor_bank
from beholder.ops.parts import in_parts

__all__ = ["phase_congruency"]

_WAVELENGTHS = (6.0, 12.0, 24.0, 48.0)
_ORIENTATIONS = 4
_BANDWIDTH = 0.55
_ANGULAR_SPREAD = math.pi / _ORIENTATIONS / 1.2
_DEVIATIONS = 2.0  # noise above its mean by as many standard deviations still counts as noise
_OVERESTIMATE = 1.7  # of the noise, as Kovesi found for these filters
_EPSILON = 1e-4 / 255
_PIXELS_AT_ONCE = 2**17  # times four scales, they still fit a processor's cache
_TINY = 1e-24  # under roots: keeps their gradient finite, and is far below what an image can hold


def phase_congruency(x: Tensor) -> Tensor:
    r"""Phase congruency of grey images, with the settings that FSIM uses.

    Log-Gabor filters of wavelengths 6, 12, 24 and 48 and four orientations answer with even and odd parts
    :math:`e_{so}, o_{so}`. With :math:`A_{so}` their amplitude, and :math:`\bar e_o, \bar o_o` the unit vector
    along their sum over scales, it is

    .. math::
        \frac{\sum_o \max(0, \sum_s (e_{so} \bar e_o + o_{so} \bar o_o - |e_{so} \bar o_o - o_{so} \bar e_o|) - T_o)}
        {\sum_o \sum_s A_{so}}

    where the threshold :math:`T_o` is two standard deviations above the mean energy of noise, estimated from the
    median of the squared amplitude at the smallest scale.

    Args:
        x: Grey images, shape (N, 1, H, W), in [0, 1], H and W at least 2.

    Returns:
        The same shape, in [0, 1]; 0 all over an image that is flat.

    References:
        Kovesi, "Image Features from Phase Congruency", Videre 1999.
    """
    height, width = x.shape[-2:]
    even_bank, odd_bank = log_gabor_bank(
        height,
        width,
        wavelengths=_WAVELENGTHS,
        orientations=_ORIENTATIONS,
        bandwidth=_BANDWIDTH,
        angular_spread=_ANGULAR_SPREAD,
        like=x,
    )
    noise = _noise_factors(even_bank, odd_bank, width)
    return in_parts(
        lambda part: _congruency(part, even_bank, odd_bank, noise),
        x,
        images=_PIXELS_AT_ONCE // (height * width),
    )


def _congruency(x: Tensor, even_bank: Tensor, odd_bank: Tensor, noise: Tensor) -> Tensor:
    size = x.shape[-2:]
    # No filter sees the mean; without it the transform rounds to the size of the detail.
    spectrum = torch.fft.rfft2(x - x.mean((-2, -1), keepdim=True).detach())
    turned = torch.complex(spectrum.imag, -spectrum.real)
    energy = amplitude = torch.zeros_like(x[:, 0])
    for orientation in range(_ORIENTATIONS):
        even = torch.fft.irfft2(spectrum * even_bank[orientation], s=size)
        odd = torch.fft.irfft2(turned * odd_bank[orientation], s=size)
        more_energy, more_amplitude = _energy(even, odd, noise[orientation])
        energy, amplitude = energy + more_energy, amplitude + more_amplitude
    return (energy / amplitude)[:, None]


def _energy(even: Tensor, odd: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
    """The energy above noise and the amplitude of one orientation, each (N, H, W), from (N, scales, H, W)."""
    tiny = torch.full((), _TINY, dtype=even.dtype, device=even.device)
    squares = torch.addcmul(torch.addcmul(tiny, even, even), odd, odd)
    total_even, total_odd = even.sum(1, keepdim=True), odd.sum(1, keepdim=True)
    # Along the sum the answers add up to its squared length over its length; across it each counts by itself.
    across = torch.addcmul(even * total_odd, odd, total_even, value=-1).abs().sum(1)
    squared_length = (total_even * total_even + total_odd * total_odd)[:, 0]
    energy = (squared_length - across) / ((squared_length + tiny).sqrt() + _EPSILON)
    threshold = noise * _median(squares[:, 0].flatten(1)).sqrt()
    return torch.relu(energy - threshold[..., None]), squares.sqrt().sum(1)


def _noise_factors(even_bank: Tensor, odd_bank: Tensor, width: int) -> Tensor:
    """What turns the root of the median squared amplitude into the threshold, shape (orientations,).

    White noise has a Rayleigh-distributed energy, whose parameter follows from its power and the filters' overlap.
    The overlap of two filters in space is that of their transfer functions.
    """
    smallest = half_plane_sum(even_bank[:, 0] ** 2 + odd_bank[:, 0] ** 2, width)
    overlap = half_plane_sum(even_bank.sum(1) ** 2, width)
    rayleigh = (overlap / (smallest * math.log(2))).sqrt()
    return rayleigh * (math.sqrt(math.pi / 2) + _DEVIATIONS * math.sqrt(2 - math.pi / 2)) / _OVERESTIMATE


def _median(x: Tensor) -> Tensor:
    """Median of each row, the mean of the middle two where their number is even: (N, P) -> (N, 1)."""
    lower = x.median(1, keepdim=True).values
    count = x.shape[1]
    if count % 2:
        return lower
    above = torch.where(x > lower, x, math.inf).amin(1, keepdim=True)
    repeated = (x <= lower).sum(1, keepdim=True) > count // 2
    return (lower + torch.where(repeated, lower, above)) / 2
