"""What a recipe asks to be minimised, as one loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beholder.catalog import create_discriminator, create_loss
from beholder.images import read_picture
from beholder.losses import WeightedSum
from beholder.losses.adversarial import AdversarialLoss
from beholder.losses.against import Against
from beholder.spec import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from beholder.spec import Loss
    from beholder.training.recipe import Adversary, Recipe

__all__ = ["build_adversary", "build_loss"]

_LOGGED = ("step", "seconds", "total", "rate")
_LOGGED_OF_ADVERSARY = ("adversary", "discriminator")
_LOGGED_OF_CYCLE = ("cycle", "identity", "back_adversary")


def build_loss(recipe: Recipe) -> tuple[WeightedSum, AdversarialLoss | None]:
    """The sum of a recipe's losses, and the one of them that has a discriminator to be trained along.

    Raises:
        UsageError: If a loss or discriminator is unknown or impossible.
        PictureError: If a picture that a term compares with cannot be read.
        WeightsError: If weights are missing.
    """
    told = recipe.loss
    logged = (
        *_LOGGED,
        *(_LOGGED_OF_ADVERSARY if recipe.adversary is not None else ()),
        *(_LOGGED_OF_CYCLE if recipe.cycle is not None else ()),
    )
    if taken := [name for name in told.terms if name in logged]:
        raise UsageError(f"loss.terms names a term {taken[0]!r}; the logs have another number of that name.")
    terms: dict[str, str | Loss] = {
        name: _build_term(request, told.against.get(name)) for name, request in told.terms.items()
    }
    weights = dict(told.weights)
    adversary = None
    if recipe.adversary is not None:
        if "adversary" in weights:
            raise UsageError("loss.weights weighs 'adversary'; what that weighs is adversary.weight.")
        terms["adversary"] = adversary = build_adversary(recipe.adversary)
        weights["adversary"] = recipe.adversary.weight
    return WeightedSum(terms, weights, balance=told.balance), adversary


def build_adversary(told: Adversary) -> AdversarialLoss:
    """A discriminator with its loss.

    Raises:
        UsageError: If the discriminator is unknown or impossible.
    """
    return AdversarialLoss(create_discriminator(told.discriminator), told.kind)


def _build_term(request: str, against: Path | None) -> Loss:
    loss = create_loss(request)
    return loss if against is None else Against(loss, read_picture(against).pixels)
