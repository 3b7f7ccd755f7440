"""Total variation: how much neighbouring pixels differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.nn import functional

from beholder.losses.picture_loss import PictureLoss
from beholder.ops.shapes import check_pair
from beholder.ops.stable import sqrt

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["TotalVariation", "total_variation"]


def total_variation(x: Tensor, *, isotropic: bool = False) -> Tensor:
    r"""Differences of neighbouring pixels, summed over the picture, per pixel and channel.

    .. math::
        \frac{1}{C H W} \sum_{chw} |\Delta_w| + |\Delta_h| \qquad \text{or, isotropic,} \qquad
        \frac{1}{C H W} \sum_{chw} \sqrt{\Delta_w^2 + \Delta_h^2}

    with the differences to the right and to the lower neighbour, each 0 where there is no neighbour.

    Args:
        x: Pictures, shape (N, C, H, W).
        isotropic: Take the length of the two differences, the same for edges of all directions, not their sum.

    Returns:
        Shape (N,), at least 0; 0 for a picture of one colour. Where neighbours are equal the gradient is 0.

    References:
        Rudin, Osher and Fatemi, "Nonlinear total variation based noise removal algorithms", Physica D 1992,
        doi:10.1016/0167-2789(92)90242-F: the isotropic one, of grey pictures. Channels are summed here.
    """
    across, down = x[..., 1:] - x[..., :-1], x[..., 1:, :] - x[..., :-1, :]
    if isotropic:
        across, down = functional.pad(across, (0, 1)), functional.pad(down, (0, 0, 0, 1))
        total = sqrt(across.square() + down.square()).flatten(1).sum(1)
    else:
        total = across.abs().flatten(1).sum(1) + down.abs().flatten(1).sum(1)
    return total / x[0].numel()


class TotalVariation(PictureLoss):
    """Total variation of the network's output; the target is checked, not looked at.

    Args:
        isotropic: Take the length of the two differences, not their sum, see `total_variation`.
    """

    title = "Total variation of the output: how much neighbouring pixels differ"
    paper = "Rudin, Osher and Fatemi, Physica D 1992, doi:10.1016/0167-2789(92)90242-F"

    def __init__(self, *, isotropic: bool = False) -> None:
        super().__init__()
        self.isotropic = isotropic

    def per_image(self, x: Tensor, y: Tensor) -> Tensor:
        """Total variation of x per pixel and channel, shape (N,), at least 0.

        Args:
            x: Pictures made by the network, shape (N, 3, H, W), about in [0, 1].
            y: Target pictures, same shape, in [0, 1].

        Raises:
            ShapeError: If the shapes differ or ``y`` leaves [0, 1].
        """
        check_pair(x, y)
        return total_variation(x, isotropic=self.isotropic)
