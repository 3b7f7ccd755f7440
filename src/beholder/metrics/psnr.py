"""Peak signal-to-noise ratio (PSNR)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from torch import Tensor, nn

from beholder.metrics.mse import check_pixel_options, mse, pixel_difference
from beholder.ops import stable
from beholder.spec import MetricSpec

if TYPE_CHECKING:
    from beholder.ops.color import Channel
from beholder.ops.decibels import decibels

__all__ = ["PSNR", "psnr"]


def psnr(x: Tensor, y: Tensor) -> Tensor:
    r"""Peak signal-to-noise ratio of images with peak 1.

    .. math:: -10 \log_{10} \operatorname{mean}\left((x - y)^2\right)

    Args:
        x: Distorted images, shape (N, C, H, W), in [0, 1].
        y: Reference images, same shape.

    Returns:
        One ratio per image, shape (N,), in dB; higher is better, infinite for equal images, where the
        gradient is 0.

    Raises:
        ShapeError: If the shapes differ or ``y`` leaves [0, 1].

    References:
        ITU-T J.247 (2008), Annex C, with the peak of an 8-bit picture scaled to 1.
    """
    return decibels(mse(x, y))


class PSNR(nn.Module):
    """PSNR on RGB or on luma, with a border left out.

    Args:
        channel: ``"rgb"`` (restoration, deblocking) or ``"y"`` (super-resolution: BT.601, studio swing).
        border: Pixels cut from every side first; super-resolution papers cut as many as the scale factor.

    Raises:
        UsageError: If ``border`` is negative.
    """

    def __init__(self, channel: Channel = "rgb", border: int = 0) -> None:
        super().__init__()
        self.spec = self.describe(channel, border)
        self.channel = channel
        self.border = border

    @staticmethod
    def describe(channel: Channel = "rgb", border: int = 0) -> MetricSpec:
        """The specification of the metric with these options."""
        check_pixel_options(channel, border)
        return MetricSpec(
            name="psnr" if channel == "rgb" else f"psnr_{channel}",
            title="Peak signal-to-noise ratio" + ("" if channel == "rgb" else " of the luma Y (BT.601)"),
            direction="higher",
            best=math.inf,
            range=(-math.inf, math.inf),
            unit="dB",
            differentiable=True,
            symmetric=True,
            min_size=2 * border + 1,
            paper="ITU-T J.247 (2008)",
            map_range=(0.0, 0.25),
        )

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Score (N, 3, H, W) pairs: shape (N,), in dB."""
        return decibels(pixel_difference(x, y, self.channel, self.border).square_().flatten(1).mean(1))

    def score_and_map(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Scores, shape (N,), and the absolute error of each pixel (root mean square over channels)."""
        error = pixel_difference(x, y, self.channel, self.border).square_()
        return decibels(error.flatten(1).mean(1)), stable.sqrt(error.mean(1, keepdim=True))
