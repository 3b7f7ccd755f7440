"""Cycle loss: what a second network makes of the output must be the input again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beholder.losses.picture_loss import PictureLoss
from beholder.losses.pixel import check_penalty
from beholder.losses.source import check_source, mean_cost
from beholder.ops.shapes import check_pair
from beholder.spec import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from beholder.losses.pixel import Penalty

__all__ = ["CycleLoss"]


class CycleLoss(PictureLoss):
    r"""Cycle loss: what a second network makes of the output must be the input again.

    .. math:: \frac{1}{3 h w} \sum_{chw} \rho(B(x)_{chw} - s_{chw})

    where B is the way back, s the source that x was made from, and :math:`\rho` the penalty. Gradients reach x and
    the parameters of the way back, which is trained along unless its parameters are frozen. The target y is checked
    only.

    Args:
        back: A network, or a function: from pictures like x to pictures like the source.
        penalty: ``"l1"``, ``"l2"``, ``"charbonnier"`` or ``"huber"``, see `beholder.losses.pixel.penalise`.

    Raises:
        UsageError: If ``back`` cannot be called, or the penalty is unknown.

    References:
        Zhu et al., "Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks", ICCV 2017,
        arXiv:1703.10593, equation 2: one of its two terms; the other is a second loss, with the networks exchanged.

    Example:
        >>> loss = CycleLoss(back)
        >>> loss(network(source), originals, source=source).backward()
    """

    title = "What a second network, going back, does not recover of the input"
    paper = "Zhu et al., ICCV 2017, arXiv:1703.10593"
    inputs = ("source",)

    def __init__(self, back: Callable[[Tensor], Tensor], *, penalty: Penalty = "l1") -> None:
        super().__init__()
        if not callable(back):
            raise UsageError(f"back is {back!r}; expected a network, or a function of pictures.")
        check_penalty(penalty)
        self.back = back
        self.penalty = penalty

    def per_image(self, x: Tensor, y: Tensor, source: Tensor | None = None) -> Tensor:
        """How far the way back ends from the source, shape (N,), at least 0.

        Args:
            x: Pictures made by the network, shape (N, 3, H, W), about in [0, 1].
            y: Target pictures, same shape, in [0, 1].
            source: Pictures that x was made from, shape (N, 3, h, w), in [0, 1].

        Raises:
            UsageError: If the source is missing.
            ShapeError: If the way back makes pictures of another shape than the source's.
        """
        check_pair(x, y)
        source = check_source(source)
        return mean_cost(self.back(x), source, self.penalty, made_name="back(x)", target_name="the source")

    def extra_repr(self) -> str:
        """The penalty."""
        return self.penalty
