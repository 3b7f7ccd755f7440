"""Filters that see one orientation and about one octave of wavelengths: log-Gabor filters."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

__all__ = ["half_plane_sum", "log_gabor_bank"]

# Kovesi's Butterworth low-pass: it lets nothing of the spectrum's corners through.
_CUTOFF = 0.45
_SHARPNESS = 15


def log_gabor_bank(
    height: int,
    width: int,
    *,
    wavelengths: Sequence[float],
    orientations: int,
    bandwidth: float,
    angular_spread: float,
    low_pass: bool = True,
    like: Tensor,
) -> tuple[Tensor, Tensor]:
    r"""Transfer functions of log-Gabor filters, split so that real Fourier transforms serve.

    At frequency f and angle :math:`\theta`, the filter of wavelength :math:`\lambda` and orientation a is

    .. math::
        \exp \frac{-\log^2(\lambda f)}{2 \log^2 b} \cdot \exp \frac{-(\theta - a)^2}{2 s^2} \cdot
        \frac{1}{1 + (f / 0.45)^{30}}

    and 0 at f = 0; the last factor is the low-pass. It answers an image with a complex number: its even part
    answers with the real part, its odd part, times -i, with the imaginary part.

    Args:
        height: Height H of the images, at least 2.
        width: Width W of the images, at least 2.
        wavelengths: One wavelength per scale, in pixels.
        orientations: Number of orientations, evenly spaced over half a turn, the first horizontal.
        bandwidth: Standard deviation b of the radial Gaussian over the centre frequency; below 1.
        angular_spread: Standard deviation s of the angular Gaussian, in radians.
        low_pass: Let nothing of the spectrum's corners through.
        like: The filters have its type and lie on its device.

    Returns:
        The even and the odd parts, each of shape (orientations, scales, H, W // 2 + 1), laid out as the output
        of ``torch.fft.rfft2``.

    References:
        Kovesi, "Image Features from Phase Congruency", Videre 1999, with the frequency grid of his MATLAB code:
        an odd side's frequencies reach 1/2 too.
    """
    rows, rows_back = _frequencies(height, height, like)
    columns, columns_back = _frequencies(width, width // 2 + 1, like)
    # Minus a frequency is itself at half the sampling rate, so the opposite one is looked up, not negated.
    forward = _angular(rows[:, None], columns, orientations, angular_spread)
    backward = _angular(rows_back[:, None], columns_back, orientations, angular_spread)
    squared = rows[:, None] ** 2 + columns**2
    constant = squared == 0
    log_frequency = torch.where(constant, 1, squared).log() / 2
    passed = 1 / (1 + (squared / _CUTOFF**2) ** _SHARPNESS) if low_pass else torch.ones_like(squared)
    passed = torch.where(constant, 0, passed)
    radial = torch.stack(
        [
            torch.exp(-((log_frequency + math.log(wavelength)) ** 2) / (2 * math.log(bandwidth) ** 2))
            for wavelength in wavelengths
        ]
    )
    radial = radial * (passed / 2)
    return radial * (forward + backward)[:, None], radial * (forward - backward)[:, None]


def _frequencies(size: int, count: int, like: Tensor) -> tuple[Tensor, Tensor]:
    """The first ``count`` frequencies of a side, in cycles per pixel, and what stands at their opposites."""
    places = torch.arange(count, device=like.device)
    half = size // 2
    step = 1 / (size - size % 2)
    signed = ((places + half) % size - half).to(like.dtype)
    opposite = ((half - places) % size - half).to(like.dtype)
    return signed * step, opposite * step


def _angular(rows: Tensor, columns: Tensor, orientations: int, spread: float) -> Tensor:
    planes = []
    for index in range(orientations):
        angle = index * math.pi / orientations
        sine, cosine = math.sin(angle), math.cos(angle)
        # Rows count downwards, angles anticlockwise.
        distance = torch.atan2(-rows * cosine - columns * sine, columns * cosine - rows * sine)
        planes.append(torch.exp(-(distance**2) / (2 * spread**2)))
    return torch.stack(planes)


def half_plane_sum(x: Tensor, width: int) -> Tensor:
    """Sum over all frequencies of what is symmetric and given for half of them.

    Args:
        x: Shape (..., H, W // 2 + 1), laid out as the output of ``torch.fft.rfft2``.
        width: Width W of the image.

    Returns:
        Shape (...,).
    """
    once = x[..., 0].sum(-1) + (x[..., -1].sum(-1) if width % 2 == 0 else 0)
    return 2 * x.sum((-2, -1)) - once
