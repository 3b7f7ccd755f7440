"""Mean absolute error (MAE)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor, nn

from beholder.metrics.mse import check_pixel_options, pixel_difference
from beholder.ops.shapes import check_pair
from beholder.spec import MetricSpec

if TYPE_CHECKING:
    from beholder.ops.color import Channel

__all__ = ["MAE", "mae"]


def mae(x: Tensor, y: Tensor) -> Tensor:
    r"""Mean absolute error of encoded values, the L1 loss of restoration networks.

    .. math:: \operatorname{mean}\left(|x - y|\right)

    Args:
        x: Distorted images, shape (N, C, H, W), in [0, 1].
        y: Reference images, same shape.

    Returns:
        One mean per image over channels and pixels, shape (N,), in [0, 1]; 0 means identical, lower is better.
        Where values are equal the gradient is 0.

    Raises:
        ShapeError: If the shapes differ or ``y`` leaves [0, 1].

    References:
        Zhao et al., "Loss Functions for Image Restoration with Neural Networks", IEEE Transactions on
        Computational Imaging 2017, doi:10.1109/TCI.2016.2644865.
    """
    check_pair(x, y, channels=None)
    return (x - y).abs_().flatten(1).mean(1)


class MAE(nn.Module):
    """Mean absolute error on RGB or on luma, with a border left out.

    Args:
        channel: ``"rgb"`` or ``"y"`` (BT.601, studio swing).
        border: Pixels cut from every side first.

    Raises:
        UsageError: If an option is unknown.
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
            name="mae",
            title="Mean absolute error" + ("" if channel == "rgb" else " of the luma Y (BT.601)"),
            direction="lower",
            best=0.0,
            range=(0.0, 1.0),
            unit="1",
            differentiable=True,
            symmetric=True,
            min_size=2 * border + 1,
            paper="Zhao et al., IEEE TCI 2017, doi:10.1109/TCI.2016.2644865",
            map_range=(0.0, 0.25),
        )

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Score (N, 3, H, W) pairs: shape (N,), at least 0."""
        return pixel_difference(x, y, self.channel, self.border).abs_().flatten(1).mean(1)

    def score_and_map(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Scores, shape (N,), and the absolute error of each pixel, mean over channels."""
        absolute = pixel_difference(x, y, self.channel, self.border).abs_()
        return absolute.flatten(1).mean(1), absolute.mean(1, keepdim=True)
