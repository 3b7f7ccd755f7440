"""From RGB to the one or three channels that a metric looks at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import torch

from beholder.spec import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

__all__ = [
    "CHANNELS",
    "YIQ_CHROMA",
    "YIQ_LUMA",
    "Channel",
    "check_channel",
    "mix_channels",
    "replace_luma",
    "rgb_to_grey",
    "rgb_to_y",
    "select_channel",
]

Channel = Literal["rgb", "y", "grey", "grey8"]
CHANNELS: tuple[Channel, ...] = get_args(Channel)

# MATLAB's rgb2gray: the first row of the inverse of its NTSC YIQ matrix.
_GREY = (0.298936021293775, 0.587043074451121, 0.114020904255103)
# ITU-R BT.601, studio swing: Y = (16 + 65.481 R + 128.553 G + 24.966 B) / 255 with RGB in [0, 1].
_LUMA = (65.481 / 255, 128.553 / 255, 24.966 / 255)
_LUMA_OFFSET = 16 / 255
# Rows of the matrix from RGB to NTSC's YIQ, with the digits that MATLAB's documentation and metrics' authors give.
YIQ_LUMA = (0.299, 0.587, 0.114)
YIQ_CHROMA = ((0.596, -0.274, -0.322), (0.211, -0.523, 0.312))


def _weigh(x: Tensor, weights: tuple[float, float, float]) -> Tensor:
    red, green, blue = weights
    weighed = torch.add(red * x[:, 0:1], x[:, 1:2], alpha=green)
    return torch.add(weighed, x[:, 2:3], alpha=blue)


def mix_channels(x: Tensor, weights: Sequence[tuple[float, float, float]]) -> Tensor:
    """Linear combinations of the three channels, one for each row of ``weights``: (N, 3, H, W) -> (N, K, H, W)."""
    mixed = [_weigh(x, row) for row in weights]
    return mixed[0] if len(mixed) == 1 else torch.cat(mixed, 1)


def rgb_to_grey(x: Tensor, *, eight_bit: bool = False) -> Tensor:
    """Grey level of encoded RGB with the weights of MATLAB's ``rgb2gray``.

    Args:
        x: Images, shape (N, 3, H, W), in [0, 1].
        eight_bit: Round to the 256 levels of an 8-bit picture, as ``rgb2gray`` does on uint8 input. The
            gradient passes straight through the rounding.

    Returns:
        Shape (N, 1, H, W), in [0, 1].
    """
    grey = _weigh(x, _GREY)
    if eight_bit:
        grey = grey + ((grey * 255).round() / 255 - grey).detach()
    return grey


def rgb_to_y(x: Tensor) -> Tensor:
    """Luma Y of YCbCr after ITU-R BT.601 with studio swing, as super-resolution papers report it.

    Args:
        x: Images, shape (N, 3, H, W), in [0, 1].

    Returns:
        Shape (N, 1, H, W), in [16/255, 235/255]; MATLAB's ``rgb2ycbcr`` on doubles.
    """
    return _weigh(x, _LUMA) + _LUMA_OFFSET


def check_channel(channel: str, allowed: Sequence[str] = CHANNELS) -> None:
    """Refuse a channel that a metric is not defined on.

    Raises:
        UsageError: If ``channel`` is not among ``allowed``.
    """
    if channel not in allowed:
        raise UsageError(f"channel is {channel!r}; expected one of {', '.join(allowed)}.")


def replace_luma(x: Tensor, luma: Tensor) -> Tensor:
    """Images with another luma; what it changes by is added to red, green and blue alike, so colours stay.

    Args:
        x: Images, shape (N, 3, H, W), in [0, 1].
        luma: What `rgb_to_y` of the result shall be, shape (N, 1, H, W).

    Returns:
        Shape (N, 3, H, W), about in [0, 1]: not clamped.
    """
    return x + (luma - rgb_to_y(x)) / sum(_LUMA)


def select_channel(x: Tensor, channel: Channel) -> Tensor:
    """The channels that ``channel`` names.

    Args:
        x: Images, shape (N, 3, H, W), in [0, 1].
        channel: ``"rgb"`` (all three), ``"y"`` (BT.601 studio swing), ``"grey"`` (``rgb2gray``) or
            ``"grey8"`` (``rgb2gray`` rounded to 8 bits).

    Returns:
        Shape (N, 3, H, W) for ``"rgb"``, else (N, 1, H, W).
    """
    if channel == "rgb":
        return x
    if channel == "y":
        return rgb_to_y(x)
    return rgb_to_grey(x, eight_bit=channel == "grey8")
