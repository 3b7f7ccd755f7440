"""Noise whose power is spread over frequencies as a power of the frequency."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["DEVIATION", "draw_field"]

DEVIATION = 0.2  # of all noises, in encoded values, at strength 1
_TINY = 1e-6


def draw_field(shape: tuple[int, ...], slope: float, draw: torch.Generator) -> Tensor:
    r"""Gaussian noise with the power spectrum :math:`|f|^s`, where f is the radial frequency.

    White noise is filtered by :math:`|f|^{s/2}` through the Fourier transform, and brought to a mean square of 1.

    Args:
        shape: How many independent fields, rows and columns.
        slope: The exponent s: -2 is brown, -1 pink, 0 white, 1 blue, 2 violet.
        draw: Draws the white noise.

    Returns:
        The shape that was asked for, with mean 0 and mean square 1; all 0 for a single pixel.
    """
    white = torch.randn(shape, generator=draw)
    height, width = shape[-2:]
    frequency = torch.hypot(torch.fft.fftfreq(height)[:, None], torch.fft.fftfreq(width)[None])
    frequency[0, 0] = 1
    gain = frequency ** (slope / 2)
    gain[0, 0] = 0  # the mean would be a shift of lightness
    field: Tensor = torch.fft.ifft2(torch.fft.fft2(white) * gain).real
    size = field.square().mean().sqrt()
    return field.div_(size.clamp_min(_TINY))
