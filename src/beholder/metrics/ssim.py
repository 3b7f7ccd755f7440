"""Structural similarity (SSIM)."""

from __future__ import annotations

import math
from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional

from beholder.ops.color import Channel, check_channel, select_channel
from beholder.ops.filters import filter_separable, gaussian_kernel
from beholder.ops.pyramids import subsample_box
from beholder.ops.shapes import check_pair
from beholder.ops.strips import in_window_strips
from beholder.spec import MetricSpec, UsageError

__all__ = ["SSIM", "WINDOW", "ssim", "ssim_maps"]

Border = Literal["valid", "zero"]

WINDOW = 11
_SIGMA = 1.5
_C1 = 0.01**2
_C2 = 0.03**2
_STRIP = 2**17  # numbers of a picture, which with all that is made of them fit into a core's cache


def ssim_maps(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    r"""The SSIM index at every place of an 11x11 Gaussian window, and its contrast-structure factor.

    .. math::
        \frac{2 \mu_x \mu_y + C_1}{\mu_x^2 + \mu_y^2 + C_1} \cdot
        \frac{2 \sigma_{xy} + C_2}{\sigma_x^2 + \sigma_y^2 + C_2},
        \qquad C_1 = 0.01^2, \quad C_2 = 0.03^2

    Means and (biased) variances are weighted by the window, sigma 1.5, and taken only where it lies inside the
    image.

    Args:
        x: Distorted images, shape (N, C, H, W), in [0, 1].
        y: Reference images, same shape.

    Returns:
        The index and its second factor, each of shape (N, C, H - 10, W - 10), in [-1, 1].
    """
    # Variances do not change with a constant; around the mean their difference of squares loses fewer digits.
    centre = ((x.mean((1, 2, 3), keepdim=True) + y.mean((1, 2, 3), keepdim=True)) / 2).detach()
    strips = in_window_strips(x, y, window=WINDOW, numbers=_STRIP)
    maps = [_strip_maps(strip_x, strip_y, centre) for strip_x, strip_y in strips]
    if len(maps) == 1:
        return maps[0]
    index, structure = (torch.cat(each, 2) for each in zip(*maps, strict=True))
    return index, structure


def _strip_maps(x: Tensor, y: Tensor, centre: Tensor) -> tuple[Tensor, Tensor]:
    x, y = x - centre, y - centre
    # The variances enter only as their sum, so four filtered planes serve instead of five.
    planes = torch.cat([x, y, x * x + y * y, x * y])
    mean_x, mean_y, squares, product = filter_separable(
        planes, gaussian_kernel(WINDOW, _SIGMA, planes)
    ).chunk(4)
    covariance = product - mean_x * mean_y
    variances = squares - mean_x * mean_x - mean_y * mean_y
    structure = (2 * covariance + _C2) / (variances + _C2)
    mean_x, mean_y = mean_x + centre, mean_y + centre
    luminance = (2 * mean_x * mean_y + _C1) / (mean_x * mean_x + mean_y * mean_y + _C1)
    return structure * luminance, structure


def ssim(x: Tensor, y: Tensor) -> Tensor:
    """Mean structural similarity with an 11x11 Gaussian window of sigma 1.5.

    Args:
        x: Distorted images, shape (N, C, H, W), in [0, 1], H and W at least 11.
        y: Reference images, same shape.

    Returns:
        One mean per image over channels and places, shape (N,), in [-1, 1]; 1 means identical.

    Raises:
        ShapeError: If the shapes differ, a side is shorter than 11, or ``y`` leaves [0, 1].

    References:
        Wang et al., "Image Quality Assessment: From Error Visibility to Structural Similarity", IEEE TIP
        2004, doi:10.1109/TIP.2003.819861.
    """
    check_pair(x, y, min_size=WINDOW, channels=None)
    return ssim_maps(x, y)[0].flatten(1).mean(1)


class SSIM(nn.Module):
    """SSIM on grey, luma or RGB, with or without the down-sampling of the authors' later code.

    Args:
        channel: ``"grey"`` (the paper's), ``"grey8"`` (rounded to 8 bits as MATLAB's ``rgb2gray`` does),
            ``"y"``, or ``"rgb"`` (mean over the three channels).
        downsample: First average over round(min(H, W) / 256) pixels, as ``ssim.m`` does; the paper and
            ``ssim_index.m`` do not.
        border: ``"valid"`` (the paper's): the window stays inside the image; ``"zero"``: zeros lie around it, as
            in the package pytorch-ssim and the papers that use it.

    Raises:
        UsageError: If an option is unknown.
    """

    def __init__(
        self, channel: Channel = "grey", *, downsample: bool = False, border: Border = "valid"
    ) -> None:
        super().__init__()
        self.spec = self.describe(channel, downsample=downsample, border=border)
        self.channel = channel
        self.downsample = downsample
        self.border = border

    @staticmethod
    def describe(
        channel: Channel = "grey", *, downsample: bool = False, border: Border = "valid"
    ) -> MetricSpec:
        """The specification of the metric with these options."""
        check_channel(channel)
        if border not in get_args(Border):
            raise UsageError(f"border is {border!r}; expected one of {', '.join(get_args(Border))}.")
        if not isinstance(downsample, bool):
            raise UsageError(f"downsample is {downsample!r}; expected true or false.")
        return MetricSpec(
            name="ssim_matlab" if downsample else "ssim",
            title="Structural similarity" + (" after the down-sampling of ssim.m" if downsample else ""),
            direction="higher",
            best=1.0,
            range=(-1.0, 1.0),
            unit="1",
            differentiable=True,
            symmetric=True,
            min_size=WINDOW,
            paper="Wang et al., IEEE TIP 2004, doi:10.1109/TIP.2003.819861",
            map_range=(1.0, 0.0),
        )

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Score (N, 3, H, W) pairs: shape (N,), in [-1, 1]."""
        return self._map(x, y).flatten(1).mean(1)

    def score_and_map(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Scores, shape (N,), and the SSIM index at every place of the window, mean over channels."""
        index = self._map(x, y)
        return index.flatten(1).mean(1), index.mean(1, keepdim=True)

    def _map(self, x: Tensor, y: Tensor) -> Tensor:
        check_pair(x, y, min_size=self.spec.min_size)
        x, y = select_channel(x, self.channel), select_channel(y, self.channel)
        if self.downsample:
            # MATLAB's round() takes halves up; Python's takes them to the even number.
            factor = max(1, math.floor(min(x.shape[-2:]) / 256 + 0.5))
            x, y = subsample_box(x, factor), subsample_box(y, factor)
        if self.border == "zero":
            x, y = (functional.pad(each, (WINDOW // 2,) * 4) for each in (x, y))
        return ssim_maps(x, y)[0]
