"""Where people look first, guessed from the picture alone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from beholder.ops import stable
from beholder.ops.color import mix_channels
from beholder.ops.filters import gaussian_kernel
from beholder.ops.parts import in_parts
from beholder.ops.resize import resize

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["simple_priors", "spectral_residual"]

# SDSP, with the settings that VSI gives it.
_SIDE = 256
_CENTRE_FREQUENCY = 0.021
_BANDWIDTH = 1.34
_CENTRE_SPREAD = 145.0
_WARMTH_SPREAD = 0.001
# XYZ over that of the white.
_RGB_TO_RELATIVE = (
    (0.4124564 / 0.9642, 0.3575761 / 0.9642, 0.1804375 / 0.9642),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339 / 0.8251, 0.1191920 / 0.8251, 0.9503041 / 0.8251),
)

# The spectral residual, with the settings that SR-SIM gives it.
_SCALE = 0.25
_BLUR_SIZE = 10
_BLUR_SIGMA = 3.8
_FAINT = 1e-4  # of a spectrum: above what float32 rounds away, far below what 8-bit pictures hold

_FLAT = 1e-3  # a narrower range, in units of Lab, holds nothing but rounding


def simple_priors(x: Tensor) -> Tensor:
    r"""Saliency by SDSP: what stands out from its surroundings, is near the centre and has warm colours.

    At 256x256 pixels, the product of: the length of the Lab colour, band-pass filtered by
    :math:`\exp(-\log^2(f / 0.021) / (2 \cdot 1.34^2))`; a Gaussian around the centre, :math:`\exp(-d^2 / 145^2)`;
    and :math:`1 - \exp(-(a^2 + b^2) / 0.001^2)` with the Lab channels a and b stretched to [0, 1]. Resized back,
    it is stretched to [0, 1].

    Args:
        x: Images, shape (N, 3, H, W), in [0, 1].

    Returns:
        Shape (N, 1, H, W), in [0, 1]; 0 all over a flat image.

    References:
        Zhang, Gu and Li, "SDSP: A Novel Saliency Detection Method by Combining Simple Priors", ICIP 2013,
        doi:10.1109/ICIP.2013.6738036. As in the authors' code, sRGB goes to Lab with the white of D50.
    """
    return in_parts(_simple_priors, x, images=1)


def _simple_priors(x: Tensor) -> Tensor:
    lab = _lab(resize(x, _SIDE, _SIDE, kernel="bilinear"))
    detail = stable.sqrt(_band_pass(lab).square().sum(1, keepdim=True))
    places = torch.arange(1, _SIDE + 1, dtype=x.dtype, device=x.device) - _SIDE / 2
    near = torch.exp(-(places**2) / _CENTRE_SPREAD**2)
    warm = 1 - torch.exp(-_stretch(lab[:, 1:]).square().sum(1, keepdim=True) / _WARMTH_SPREAD**2)
    saliency = detail * near[:, None] * near * warm
    return _stretch(resize(saliency, *x.shape[-2:], kernel="bilinear"))


def _lab(x: Tensor) -> Tensor:
    low = x <= 0.04045
    linear = torch.where(low, x / 12.92, (torch.where(low, 1, x + 0.055) / 1.055) ** 2.4)
    relative = mix_channels(linear, _RGB_TO_RELATIVE)
    dark = relative <= 0.008856
    root = torch.where(dark, (903.3 * relative + 16) / 116, torch.where(dark, 1, relative) ** (1 / 3))
    return mix_channels(root, ((0.0, 116.0, 0.0), (500.0, -500.0, 0.0), (0.0, 200.0, -200.0)))


def _band_pass(x: Tensor) -> Tensor:
    size = x.shape[-1]
    rows = torch.fft.fftfreq(size, dtype=x.dtype, device=x.device)[:, None]
    columns = torch.fft.rfftfreq(size, dtype=x.dtype, device=x.device)
    squared = rows**2 + columns**2
    passed = (squared > 0) & (squared <= 0.25)
    log_ratio = torch.where(passed, squared, 1).log() / 2 - math.log(_CENTRE_FREQUENCY)
    response = torch.where(passed, torch.exp(-(log_ratio**2) / (2 * _BANDWIDTH**2)), 0)
    # The mean does not pass; without it the transform rounds to the size of the detail.
    centred = x - x.mean((-2, -1), keepdim=True).detach()
    filtered: Tensor = torch.fft.irfft2(torch.fft.rfft2(centred) * response, s=(size, size))
    return filtered


def _stretch(x: Tensor, flat: float = _FLAT) -> Tensor:
    """Each plane mapped to [0, 1] from its least to its greatest value; 0 where they hardly differ."""
    least, greatest = x.amin((-2, -1), keepdim=True), x.amax((-2, -1), keepdim=True)
    span = greatest - least
    narrow = span <= flat
    return torch.where(narrow, 0, (x - least) / torch.where(narrow, 1, span))


def spectral_residual(x: Tensor) -> Tensor:
    r"""Saliency by the spectral residual: what the picture's spectrum does not lead one to expect.

    At a quarter of the size, with the spectrum F: the squared magnitude of the inverse transform of
    :math:`F \exp(-\overline{\log |F|})`, the bar the average over 3x3 frequencies; blurred by a 10x10 Gaussian
    of sigma 3.8, stretched to [0, 1], and resized back.

    Args:
        x: Grey images, shape (N, 1, H, W), in [0, 1].

    Returns:
        The same shape; in [0, 1] before bicubic resizing, which overshoots a little.

    References:
        Hou and Zhang, "Saliency Detection: A Spectral Residual Approach", CVPR 2007,
        doi:10.1109/CVPR.2007.383267, with the settings and borders of SR-SIM's code. Deviation: the logarithm
        has a floor, because a spectrum has zeros.
    """
    height, width = x.shape[-2:]
    small = resize(x, -(-height // 4), -(-width // 4), scale=_SCALE)
    spectrum = _spectrum(small)
    log_magnitude = (spectrum.real.square() + spectrum.imag.square() + _FAINT**2).log() / 2
    # The spectrum counts from frequency 0 in the corner, and its border is repeated, not wrapped.
    padded = functional.pad(log_magnitude, (1, 1, 1, 1), mode="replicate")
    answer = torch.fft.ifft2(spectrum * torch.exp(-functional.avg_pool2d(padded, 3, stride=1)))
    saliency = _blur(answer.real.square() + answer.imag.square())
    return resize(_stretch(saliency, flat=0), height, width)


def _spectrum(x: Tensor) -> Tensor:
    # Apart, the mean does not make the transform of small detail round.
    mean = x.mean((-2, -1), keepdim=True)
    height, width = x.shape[-2:]
    constant = functional.pad(mean * (height * width), (0, width - 1, 0, height - 1))
    spectrum: Tensor = torch.fft.fft2(x - mean) + constant
    return spectrum


def _blur(x: Tensor) -> Tensor:
    before = (_BLUR_SIZE - 1) // 2
    after = _BLUR_SIZE - 1 - before
    kernel = gaussian_kernel(_BLUR_SIZE, _BLUR_SIGMA, x)
    padded = functional.pad(x, (before, after, before, after))
    down = functional.conv2d(padded, kernel.view(1, 1, -1, 1))
    return functional.conv2d(down, kernel.view(1, 1, 1, -1))
