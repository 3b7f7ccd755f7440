"""There and back: the second half of training without pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from beholder.catalog import create_network
from beholder.losses.picture_loss import full_precision
from beholder.losses.source import mean_cost
from beholder.networks.on_luma import for_rgb
from beholder.spec import UsageError
from beholder.training.objective import build_adversary

if TYPE_CHECKING:
    from collections.abc import Callable

    from beholder.training.recipe import Adversary, Cycle, Recipe

__all__ = ["BackAndForth"]


class BackAndForth(nn.Module):
    r"""A network that goes back, and what both ways are measured by.

    With the way there G, the way back F, degraded pictures x and clean ones y that are no pairs, it gives

    .. math:: w (|F(G(x)) - x| + |G(F(y)) - y|) + v (|G(y) - y| + |F(x) - x|) + a A(F(y))

    with means over pixels, and the adversarial loss A of a second discriminator, which tells F(y) from x. The first
    one's, which tells G(x) from y, is not part of it.

    Args:
        recipe: What the run is made of.
        told: Its ``cycle``.
        adversary: Its ``adversary``.

    Attributes:
        log: The terms of the last call, detached, as they came.

    Raises:
        UsageError: If the network enlarges.

    References:
        Zhu et al., "Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks", ICCV 2017,
        arXiv:1703.10593, equations 1 to 3 and section 5.2. Deviation: discriminators see the pictures of the current
        step only, not those of 50 steps before.
    """

    def __init__(self, recipe: Recipe, told: Cycle, adversary: Adversary) -> None:
        super().__init__()
        self.back = for_rgb(create_network(recipe.network))
        if self.back.scale != 1:
            raise UsageError(
                f"cycle: {recipe.network} enlarges {self.back.scale} times; expected a network that keeps sizes, which "
                "can go back, too."
            )
        self.adversary = build_adversary(adversary)
        self.weights = {
            "cycle": told.weight,
            "identity": told.identity,
            "back_adversary": adversary.weight,
        }
        self.made = torch.empty(0)
        self.log: dict[str, Tensor] = {}

    def forward(self, there: Callable[[Tensor], Tensor], x: Tensor, y: Tensor, output: Tensor) -> Tensor:
        """What is minimised for the networks.

        Args:
            there: The way there.
            x: Degraded pictures, shape (N, 3, H, W), in [0, 1].
            y: Clean pictures, of no pairs with them, same shape.
            output: What the way there made of ``x``.

        Returns:
            A scalar.
        """
        made = full_precision(self.back(y))
        terms = {
            "cycle": _far(self.back(output), x) + _far(there(made), y),
            "identity": _far(there(y), y) + _far(self.back(x), x),
            "back_adversary": self.adversary(made, x),
        }
        self.made = made.detach()
        self.log = {name: term.detach() for name, term in terms.items()}
        return torch.stack([self.weights[name] * term for name, term in terms.items()]).sum()

    def discriminator_loss(self, x: Tensor) -> Tensor:
        """What is minimised for the second discriminator, after `forward`.

        Args:
            x: The degraded pictures.

        Returns:
            A scalar.
        """
        return self.adversary.discriminator_loss(self.made, x)


def _far(made: Tensor, target: Tensor) -> Tensor:
    cost = mean_cost(full_precision(made), target, "l1", made_name="what was made", target_name="the target")
    return cost.mean()
