"""Shrunk loss: a picture made larger, shrunk again, must be the small one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beholder.losses.picture_loss import PictureLoss
from beholder.losses.pixel import check_penalty
from beholder.losses.source import check_source, mean_cost
from beholder.ops.resize import resize
from beholder.ops.shapes import check_pair
from beholder.spec import ShapeError

if TYPE_CHECKING:
    from torch import Tensor

    from beholder.losses.pixel import Penalty

__all__ = ["ShrunkLoss"]


class ShrunkLoss(PictureLoss):
    r"""Shrunk loss: a picture made larger, shrunk again, must be the small one.

    .. math:: \frac{1}{3 h w} \sum_{chw} \rho((\downarrow x)_{chw} - s_{chw})

    where s is the source, :math:`\downarrow` shrinks to its size by MATLAB's bicubic rule, as the small pictures of
    the usual benchmarks were made, and :math:`\rho` is the penalty. The target y is checked only.

    Args:
        penalty: ``"l1"``, ``"l2"``, ``"charbonnier"`` or ``"huber"``, see `beholder.losses.pixel.penalise`.

    Raises:
        UsageError: If the penalty is unknown.

    References:
        Cycle consistency of super-resolution: Wang et al., "Deep Learning for Image Super-resolution: A Survey",
        IEEE TPAMI 2021, arXiv:1902.06068, here with a fixed way back.

    Example:
        >>> loss = ShrunkLoss()
        >>> loss(network(small), originals, source=small).backward()
    """

    title = "Difference between the output, shrunk to the input's size, and the input"
    paper = "Wang et al., IEEE TPAMI 2021, arXiv:1902.06068"
    inputs = ("source",)

    def __init__(self, penalty: Penalty = "l1") -> None:
        super().__init__()
        check_penalty(penalty)
        self.penalty = penalty

    def per_image(self, x: Tensor, y: Tensor, source: Tensor | None = None) -> Tensor:
        """How far the shrunk pictures are from the source, shape (N,), at least 0.

        Args:
            x: Pictures made by the network, shape (N, 3, H, W), about in [0, 1].
            y: Target pictures, same shape, in [0, 1].
            source: The small pictures that x was made from, shape (N, 3, h, w), in [0, 1].

        Raises:
            UsageError: If the source is missing.
            ShapeError: If there are not as many pictures in the source, or they are larger than x.
        """
        check_pair(x, y)
        source = check_source(source)
        (height, width), (small_height, small_width) = x.shape[-2:], source.shape[-2:]
        if small_height > height or small_width > width:
            raise ShapeError(
                f"the source is {small_width}x{small_height} and x {width}x{height}; expected a source that is no larger."
            )
        shrunk = resize(x, small_height, small_width)
        return mean_cost(shrunk, source, self.penalty, made_name="the shrunk x", target_name="the source")

    def extra_repr(self) -> str:
        """The penalty."""
        return self.penalty
