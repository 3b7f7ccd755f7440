"""Identity loss: a network must leave alone what is already as it should be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beholder.losses.picture_loss import PictureLoss
from beholder.losses.pixel import check_penalty
from beholder.losses.source import mean_cost
from beholder.ops.shapes import check_pair
from beholder.spec import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from beholder.losses.pixel import Penalty

__all__ = ["IdentityLoss"]


class IdentityLoss(PictureLoss):
    r"""Identity loss: a network must leave alone what is already as it should be.

    .. math:: \frac{1}{3 H W} \sum_{chw} \rho(G(y)_{chw} - y_{chw})

    where G is the network and :math:`\rho` the penalty. Gradients reach the network's parameters; x is checked only.

    Args:
        network: The network that is trained, or a function: from pictures to pictures of the same size.
        penalty: ``"l1"``, ``"l2"``, ``"charbonnier"`` or ``"huber"``, see `beholder.losses.pixel.penalise`.

    Raises:
        UsageError: If ``network`` cannot be called, or the penalty is unknown.

    References:
        Zhu et al., "Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks", ICCV 2017,
        arXiv:1703.10593, section 5.2; first Taigman et al., "Unsupervised Cross-Domain Image Generation", ICLR 2017,
        arXiv:1611.02200.

    Example:
        >>> loss = IdentityLoss(network)
        >>> loss(network(source), originals).backward()
    """

    title = "What a network changes of pictures that are already as they should be"
    paper = "Zhu et al., ICCV 2017, arXiv:1703.10593"

    def __init__(self, network: Callable[[Tensor], Tensor], *, penalty: Penalty = "l1") -> None:
        super().__init__()
        if not callable(network):
            raise UsageError(f"network is {network!r}; expected a network, or a function of pictures.")
        check_penalty(penalty)
        self.network = network
        self.penalty = penalty

    def per_image(self, x: Tensor, y: Tensor) -> Tensor:
        """How much the network changes each target, shape (N,), at least 0.

        Args:
            x: Pictures made by the network, shape (N, 3, H, W), about in [0, 1].
            y: Target pictures, same shape, in [0, 1].

        Raises:
            ShapeError: If the pictures do not fit each other, or the network makes pictures of another size.
        """
        check_pair(x, y)
        return mean_cost(self.network(y), y, self.penalty, made_name="network(y)", target_name="y")

    def extra_repr(self) -> str:
        """The penalty."""
        return self.penalty
