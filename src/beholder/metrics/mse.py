"""Mean squared error (MSE), and the difference of pixels that its relatives share."""

from __future__ import annotations

from torch import Tensor, nn

from beholder.ops.color import Channel, check_channel, select_channel
from beholder.ops.shapes import check_pair
from beholder.spec import MetricSpec, UsageError

__all__ = ["MSE", "check_pixel_options", "mse", "pixel_difference"]


def check_pixel_options(channel: str, border: int) -> None:
    """Refuse a channel or a border that `pixel_difference` does not know.

    Raises:
        UsageError: If ``channel`` is neither ``"rgb"`` nor ``"y"``, or ``border`` is not a whole number, 0 or more.
    """
    check_channel(channel, ("rgb", "y"))
    if not isinstance(border, int) or isinstance(border, bool) or border < 0:
        raise UsageError(f"border is {border!r}; expected a whole number of pixels, 0 or more.")


def pixel_difference(x: Tensor, y: Tensor, channel: Channel, border: int) -> Tensor:
    """Value by value, the picture under test less its reference.

    Args:
        x: Distorted images, shape (N, 3, H, W), in [0, 1], H and W above 2 * border.
        y: Reference images, same shape.
        channel: ``"rgb"`` or ``"y"`` (BT.601, studio swing).
        border: Pixels cut from every side first.

    Returns:
        Shape (N, C, H - 2 * border, W - 2 * border), C being 3 for ``"rgb"`` and 1 for ``"y"``.
    """
    check_pair(x, y, min_size=2 * border + 1)
    cut = slice(border, -border or None)
    x, y = (select_channel(image[..., cut, cut], channel) for image in (x, y))
    return x - y


def mse(x: Tensor, y: Tensor) -> Tensor:
    r"""Mean squared error of encoded values.

    .. math:: \operatorname{mean}\left((x - y)^2\right)

    Args:
        x: Distorted images, shape (N, C, H, W), in [0, 1].
        y: Reference images, same shape.

    Returns:
        One mean per image over channels and pixels, shape (N,), in [0, 1]; 0 means identical, lower is better.

    Raises:
        ShapeError: If the shapes differ or ``y`` leaves [0, 1].

    References:
        Wang and Bovik, "Mean Squared Error: Love It or Leave It?", IEEE Signal Processing Magazine 2009,
        doi:10.1109/MSP.2008.930649.
    """
    check_pair(x, y, channels=None)
    return (x - y).square_().flatten(1).mean(1)


class MSE(nn.Module):
    """Mean squared error on RGB or on luma, with a border left out.

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
            name="mse",
            title="Mean squared error" + ("" if channel == "rgb" else " of the luma Y (BT.601)"),
            direction="lower",
            best=0.0,
            range=(0.0, 1.0),
            unit="1",
            differentiable=True,
            symmetric=True,
            min_size=2 * border + 1,
            paper="Wang and Bovik, IEEE Signal Processing Magazine 2009, doi:10.1109/MSP.2008.930649",
            map_range=(0.0, 0.0625),
        )

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Score (N, 3, H, W) pairs: shape (N,), at least 0."""
        return pixel_difference(x, y, self.channel, self.border).square_().flatten(1).mean(1)

    def score_and_map(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Scores, shape (N,), and the squared error of each pixel, mean over channels."""
        squared = pixel_difference(x, y, self.channel, self.border).square_()
        return squared.flatten(1).mean(1), squared.mean(1, keepdim=True)
