"""Visual information fidelity in the pixel domain (VIF)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from beholder.ops.color import Channel, check_channel, select_channel
from beholder.ops.filters import filter_separable, gaussian_kernel
from beholder.ops.shapes import check_pair
from beholder.spec import MetricSpec

__all__ = ["VIF", "vif"]

_WINDOWS = (17, 9, 5, 3)
_NOISE = 2 / 255**2  # the variance of the eye's noise, 2 grey levels squared
_FLAT = 1e-10 / 255**2  # below this variance the reference counts as flat
_MIN_SIZE = 41  # leaves 3 pixels for the last window


def vif(x: Tensor, y: Tensor) -> Tensor:
    r"""Visual information fidelity in the pixel domain.

    .. math::
        \frac{\sum \log(1 + g^2 \sigma_y^2 / (\sigma_v^2 + \sigma_n^2))}{\sum \log(1 + \sigma_y^2 / \sigma_n^2)},
        \qquad g = \frac{\sigma_{xy}}{\sigma_y^2}, \quad \sigma_v^2 = \sigma_x^2 - g \sigma_{xy}

    summed over the places of a Gaussian window at four scales. The windows are 17, 9, 5 and 3 pixels wide, a
    fifth of that their standard deviation; between scales the images are filtered with the next window and every
    second pixel is kept. :math:`\sigma_n^2` is 2 squared grey levels of 255.

    Args:
        x: Distorted grey images, shape (N, 1, H, W), in [0, 1], H and W at least 41.
        y: Reference images, same shape.

    Returns:
        One ratio per image, shape (N,), in [0, inf); 1 means identical, and more than 1 means that contrast was
        added. A flat reference holds no information and gives 1.

    Raises:
        ShapeError: If the shapes differ, a side is shorter than 41, or ``y`` leaves [0, 1].

    References:
        Sheikh and Bovik, "Image Information and Visual Quality", IEEE TIP 2006, doi:10.1109/TIP.2005.859378; the
        scales and windows are those of the authors' ``vifp_mscale.m``.
    """
    check_pair(x, y, min_size=_MIN_SIZE, channels=1)
    # Variances do not change with a constant; around the mean their difference of squares loses fewer digits.
    # The noise is found from x - y and not from x, which would lose its digits where x is nearly y.
    pair = torch.cat([y, x - y])
    pair = pair - pair.mean((1, 2, 3), keepdim=True).detach()
    kept = total = y.new_zeros(len(y))
    for scale, size in enumerate(_WINDOWS):
        window = gaussian_kernel(size, size / 5, y)
        if scale:
            pair = filter_separable(pair, window, step=2)
        of_y, difference = pair.chunk(2)
        kept_here, total_here = _information(of_y, difference, window)
        kept, total = kept + kept_here, total + total_here
    flat = total == 0
    return torch.where(flat, 1, kept / torch.where(flat, 1, total))


def _information(y: Tensor, difference: Tensor, window: Tensor) -> tuple[Tensor, Tensor]:
    """The information that reaches the eye from the distorted and from the reference image, in nats."""
    planes = torch.cat([y, difference, y * y, difference * difference, y * difference])
    mean_y, mean_d, square_y, square_d, product = filter_separable(planes, window).chunk(5)
    variance_y = (square_y - mean_y * mean_y).clamp(min=0)
    variance_d = (square_d - mean_d * mean_d).clamp(min=0)
    covariance_yd = product - mean_y * mean_d
    covariance = variance_y + covariance_yd
    variance_x = (covariance + covariance_yd + variance_d).clamp(min=0)
    flat = variance_y < _FLAT
    # What x has that is not proportional to y is what x - y has that is not.
    noise = variance_d - covariance_yd * covariance_yd / torch.where(flat, 1, variance_y)
    noise = torch.minimum(noise.clamp(min=0), variance_x)
    noise = torch.where(flat | (covariance < 0), variance_x, noise)
    kept = torch.log1p((variance_x - noise) / (noise + _NOISE))
    total = torch.log1p(torch.where(flat, 0, variance_y) / _NOISE)
    return kept.flatten(1).sum(1), total.flatten(1).sum(1)


class VIF(nn.Module):
    """VIF in the pixel domain, on grey levels.

    Args:
        channel: ``"grey"``, ``"grey8"`` (rounded to 8 bits as MATLAB's ``rgb2gray`` does) or ``"y"``.
    """

    def __init__(self, channel: Channel = "grey") -> None:
        super().__init__()
        self.spec = self.describe(channel)
        self.channel = channel

    @staticmethod
    def describe(channel: Channel = "grey") -> MetricSpec:
        """The specification of the metric with these options."""
        check_channel(channel, ("grey", "grey8", "y"))
        return MetricSpec(
            name="vif",
            title="Share of the reference's information that the picture still holds",
            direction="higher",
            best=1.0,
            range=(0.0, float("inf")),
            unit="1",
            differentiable=True,
            symmetric=False,
            min_size=_MIN_SIZE,
            paper="Sheikh and Bovik, IEEE TIP 2006, doi:10.1109/TIP.2005.859378",
        )

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Score (N, 3, H, W) pairs: shape (N,), in [0, inf)."""
        check_pair(x, y, min_size=self.spec.min_size)
        return vif(select_channel(x, self.channel), select_channel(y, self.channel))
