"""Complex wavelet structural similarity (CW-SSIM)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from beholder.ops import stable
from beholder.ops.color import Channel, check_channel, select_channel
from beholder.ops.filters import gaussian_kernel
from beholder.ops.shapes import check_pair
from beholder.ops.steerable import complex_band
from beholder.spec import MetricSpec, UsageError

__all__ = ["CW_SSIM", "cw_ssim"]

_WINDOW = 7
_EMPTY = 1e-12  # makes bands without anything in them alike; a photograph's hold 1e-4


def cw_ssim(x: Tensor, y: Tensor, *, level: int = 4, orientations: int = 8) -> Tensor:
    r"""Structural similarity of complex wavelet coefficients, which tolerates small shifts and turns.

    .. math:: \frac{2 \left|\sum c_x c_y^*\right|}{\sum |c_x|^2 + \sum |c_y|^2}

    in windows of 7x7 coefficients of one level of a complex steerable pyramid; the mean over places is weighted by
    a Gaussian around the middle of the image, of a quarter of its height as standard deviation, and taken over
    orientations.

    Args:
        x: Distorted grey images, shape (N, 1, H, W), in [0, 1], H and W above 6 * 2^(level - 1).
        y: Reference images, same shape.
        level: The level of the pyramid, 1 for the finest.
        orientations: The number of bands.

    Returns:
        One index per image, shape (N,), in [0, 1]; 1 means identical.

    Raises:
        ShapeError: If the shapes differ, a side is too short, or ``y`` leaves [0, 1].

    References:
        Sampat, Wang, Gupta, Bovik and Markey, "Complex Wavelet Structural Similarity: A New Image Similarity
        Index", IEEE TIP 2009, doi:10.1109/TIP.2009.2025923; as the authors' ``cwssim_index(x, y, 4, 8, 0, 0)``.
        Deviation from it: the mean of the image is in none of the bands; they see it only in images of less than
        2^(level + 2) pixels, for which their code refuses to build the pyramid.
    """
    check_pair(x, y, min_size=_min_size(level), channels=1)
    of_x, of_y = complex_band(torch.cat([x, y]), level, orientations).chunk(2)
    product = of_x * of_y.conj()
    energy = of_x.real.square() + of_x.imag.square() + of_y.real.square() + of_y.imag.square()
    real, imaginary, energy = functional.avg_pool2d(
        torch.cat([product.real, product.imag, energy]), _WINDOW, stride=1
    ).chunk(3)
    index = (2 * stable.sqrt(real * real + imaginary * imaginary) + _EMPTY) / (energy + _EMPTY)
    deviation = of_x.shape[-2] / 4
    rows, columns = (gaussian_kernel(size, deviation, x) for size in index.shape[-2:])
    return (rows @ index @ columns).mean(1)


def _min_size(level: int) -> int:
    return ((_WINDOW - 1) << (level - 1)) + 1  # leaves one window


class CW_SSIM(nn.Module):  # noqa: N801 -- the field's spelling
    """CW-SSIM on grey levels.

    Args:
        channel: ``"grey"``, ``"grey8"`` (rounded to 8 bits as MATLAB's ``rgb2gray`` does) or ``"y"``.
        level: The level of the pyramid, 1 for the finest.
        orientations: The number of bands.

    Raises:
        UsageError: If an option is unknown or out of range.
    """

    def __init__(self, channel: Channel = "grey", *, level: int = 4, orientations: int = 8) -> None:
        super().__init__()
        self.spec = self.describe(channel, level=level, orientations=orientations)
        self.channel = channel
        self.level = level
        self.orientations = orientations

    @staticmethod
    def describe(channel: Channel = "grey", *, level: int = 4, orientations: int = 8) -> MetricSpec:
        """The specification of the metric with these options."""
        check_channel(channel, ("grey", "grey8", "y"))
        for name, value, most in (("level", level, 10), ("orientations", orientations, 16)):
            if type(value) is not int or not 1 <= value <= most:
                raise UsageError(f"{name} is {value!r}; expected a whole number from 1 to {most}.")
        return MetricSpec(
            name="cw_ssim",
            title="Structural similarity of complex wavelets, tolerant of small shifts",
            direction="higher",
            best=1.0,
            range=(0.0, 1.0),
            unit="1",
            differentiable=True,
            symmetric=True,
            min_size=_min_size(level),
            paper="Sampat et al., IEEE TIP 2009, doi:10.1109/TIP.2009.2025923",
        )

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Score (N, 3, H, W) pairs: shape (N,), in [0, 1]."""
        check_pair(x, y, min_size=self.spec.min_size)
        grey = select_channel(x, self.channel), select_channel(y, self.channel)
        return cw_ssim(*grey, level=self.level, orientations=self.orientations)
