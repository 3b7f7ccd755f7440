"""One size for both pictures of a pair."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beholder.ops.resize import resize
from beholder.spec import ShapeError

if TYPE_CHECKING:
    from torch import Tensor

    from beholder.scoring.settings import ResizeRule

__all__ = ["fit"]


def fit(x: Tensor, y: Tensor, rule: ResizeRule) -> tuple[Tensor, Tensor]:
    """Bring a pair to one size, by the rule that ``Settings.resize`` names; equal sizes stay as they are.

    Args:
        x: Distorted picture, shape (3, H, W), in [0, 1].
        y: Reference picture, shape (3, H', W'), in [0, 1].
        rule: What to do where the sizes differ.

    Returns:
        Both pictures, of one shape, in [0, 1].

    Raises:
        ShapeError: If the sizes differ and the rule is to refuse.
    """
    if x.shape == y.shape:
        return x, y
    (height_x, width_x), (height_y, width_y) = x.shape[-2:], y.shape[-2:]
    if rule == "reference":
        return resize(x[None], height_y, width_y)[0].clamp(0, 1), y
    if rule == "distorted":
        return x, resize(y[None], height_x, width_x)[0].clamp(0, 1)
    if rule == "crop":
        height, width = min(height_x, height_y), min(width_x, width_y)
        return _crop(x, height, width), _crop(y, height, width)
    raise ShapeError(
        f"the distorted picture is {width_x}x{height_x} and its reference {width_y}x{height_y}; expected equal "
        "sizes. Name a rule: --resize reference, distorted or crop."
    )


def _crop(picture: Tensor, height: int, width: int) -> Tensor:
    top, left = (picture.shape[-2] - height) // 2, (picture.shape[-1] - width) // 2
    return picture[..., top : top + height, left : left + width]
