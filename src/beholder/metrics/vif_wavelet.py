"""Visual information fidelity in the wavelet domain (VIF)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from beholder.ops.color import Channel, check_channel, select_channel
from beholder.ops.scale_mixture import covariance, information, strengths
from beholder.ops.shapes import check_pair
from beholder.ops.spatial_steerable import fifth_order_bands
from beholder.spec import MetricSpec

__all__ = ["VIFWavelet", "vif_wavelet"]

_BLOCK = 3
# The side of the windows at each level, finest first, and the blocks at each border that they do not fill.
_WINDOWS = ((17, 3), (9, 2), (5, 1), (3, 1))
_NOISE = 0.4 / 255**2  # the variance of the eye's noise, in squared intensity
_FLAT = 1e-12  # below this variance, which is rounding in a float32 picture, a window counts as flat
_MIN_SIZE = 65  # leaves one block at the coarsest level


def vif_wavelet(x: Tensor, y: Tensor) -> Tensor:
    r"""Visual information fidelity in the wavelet domain, the paper's own form.

    .. math::
        \frac{\sum \sum_k \log(1 + g^2 s^2 \lambda_k / (\sigma_v^2 + \sigma_n^2))}
        {\sum \sum_k \log(1 + s^2 \lambda_k / \sigma_n^2)}

    summed over blocks of 3x3 coefficients u in two bands, upright and level, of four levels of a steerable pyramid
    of y. C is the covariance of a band's 3x3 blocks, :math:`\lambda_k` its eigenvalues and
    :math:`s^2 = u^T C^{-1} u / 9`. Around each block, in windows of 17, 9, 5 and 3 coefficients from the finest level
    to the coarsest, x is taken for :math:`g y` with noise of variance :math:`\sigma_v^2`; a negative g counts as 0.
    :math:`\sigma_n^2` is 0.4 squared grey levels of 255.

    Args:
        x: Distorted grey images, shape (N, 1, H, W), in [0, 1], H and W at least 65.
        y: Reference images, same shape.

    Returns:
        One ratio per image, shape (N,), in [0, inf); 1 means identical, and more than 1 means that contrast was
        added. A flat reference holds no information and gives 1.

    Raises:
        ShapeError: If the shapes differ, a side is shorter than 65, or ``y`` leaves [0, 1].

    References:
        Sheikh and Bovik, "Image Information and Visual Quality", IEEE TIP 2006, doi:10.1109/TIP.2005.859378; bands
        and windows are those of the authors' ``vifvec.m``. Deviation from it: windows count as flat below a
        deviation of 0.00026 grey levels, not 1e-9 to 1e-8, and then the reference holds no information there
        either, so that equal pictures score 1 on slopes too.
    """
    check_pair(x, y, min_size=_MIN_SIZE, channels=1)
    # Bands do not see a constant; without it they lose fewer digits. Of x, only how it differs from y matters.
    centred = y - y.mean((1, 2, 3), keepdim=True).detach()
    bands = fifth_order_bands(torch.cat([centred, x - y]), len(_WINDOWS))
    sums = []
    for band, (window, border) in zip(bands, _WINDOWS, strict=True):
        of_y, difference = band.chunk(2)
        sums.append(_band_information(of_y, difference, window, border))
    kept, total = torch.stack(sums).sum(0)
    flat = total == 0
    return torch.where(flat, 1, kept / torch.where(flat, 1, total))


def _band_information(y: Tensor, difference: Tensor, window: int, border: int) -> Tensor:
    """The information that reaches the eye from the distorted and from the reference image, shape (2, N)."""
    images = len(y)
    height, width = (size // _BLOCK * _BLOCK for size in y.shape[-2:])
    y, difference = (band[..., :height, :width].flatten(0, 1).unsqueeze(1) for band in (y, difference))
    overlapping = functional.unfold(y, _BLOCK)
    spread = covariance(overlapping - overlapping.mean(-1, keepdim=True))
    strength = strengths(functional.unfold(y, _BLOCK, stride=_BLOCK), spread)
    gain, noise, flat = _distortion(y, difference, window)
    # On a slope a band is constant: without variance it tells nothing, of either picture.
    strength = torch.where(flat, 0, strength.view_as(gain))
    inside = (slice(None), slice(border, -border), slice(border, -border))
    gain, noise, strength = (each[inside].flatten(1) for each in (gain, noise, strength))
    kept = information(gain * gain * strength / (noise + _NOISE), spread)
    total = information(strength / _NOISE, spread)
    return torch.stack([kept.sum(1), total.sum(1)]).view(2, images, -1).sum(-1)


def _distortion(y: Tensor, difference: Tensor, window: int) -> tuple[Tensor, Tensor, Tensor]:
    """Least squares of x on y in the window around each block: slope, variance that is left, whether y has none."""
    planes = torch.cat([y, difference, y * y, difference * difference, y * difference])
    padded = functional.pad(planes, (window // 2,) * 4, mode="reflect")
    # Windows have their middle in the middle of a block.
    means = functional.avg_pool2d(padded[..., _BLOCK // 2 :, _BLOCK // 2 :], window, stride=_BLOCK)
    mean_y, mean_d, square_y, square_d, product = means.squeeze(1).chunk(5)
    variance_y = (square_y - mean_y * mean_y).clamp(min=0)
    variance_d = (square_d - mean_d * mean_d).clamp(min=0)
    joint = product - mean_y * mean_d
    variance_x = (variance_y + 2 * joint + variance_d).clamp(min=0)
    flat = variance_y < _FLAT
    slope = joint / torch.where(flat, 1, variance_y)
    # What x has that is not proportional to y is what x - y has that is not.
    noise = torch.minimum((variance_d - slope * joint).clamp(min=0), variance_x)
    empty = flat | (variance_x < _FLAT) | (slope < -1)
    return torch.where(empty, 0, 1 + slope), noise, flat


class VIFWavelet(nn.Module):
    """VIF in the wavelet domain, on grey levels.

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
            name="vif_wavelet",
            title="Share of the reference's information that the picture still holds, in wavelets",
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
        return vif_wavelet(select_channel(x, self.channel), select_channel(y, self.channel))
