"""Which triplets are learned from, and which tell how good the metric is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from beholder.data.judged import open_judgements
from beholder.spec import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from beholder.calibration.learning.recipe import MetricRecipe
    from beholder.data.judged import JudgementSet

__all__ = ["open_triplets"]


def open_triplets(
    recipe: MetricRecipe, tell: Callable[[int, int], object] | None = None
) -> tuple[JudgementSet, JudgementSet]:
    """The triplets that a recipe learns from, and those that it is validated with.

    They share no reference picture, unless a validation set of its own has some of the training set's: that is for who
    names it to see to.

    Args:
        recipe: What is learned from.
        tell: Called with the number of files that are read, and of all, where that may take long.

    Raises:
        UsageError: If a set is none of triplets, is not whole, or has too few references to hold some out.
        PictureError: If a reference cannot be read.
    """
    train = _open(recipe.data.train, tell)
    draw = np.random.default_rng(recipe.seed)
    if recipe.data.validation is not None:
        validation = _open(recipe.data.validation, tell)
    else:
        groups = train.groups(tell)
        names = np.unique(groups)
        count = max(1, round(recipe.data.held_out * len(names)))
        if count >= len(names):
            raise UsageError(
                f"{recipe.data.train}: has {len(names)} reference pictures, of which {count} were to be held out; expected "
                "more, or another set in data.validation."
            )
        held_out = np.isin(groups, draw.permutation(names)[:count])
        train, validation = train.choose(~held_out), train.choose(held_out)
    most = recipe.validation.triplets
    if len(validation) > most:
        validation = validation.choose(np.sort(draw.permutation(len(validation))[:most]))
    return train, validation


def _open(path: Path, tell: Callable[[int, int], object] | None) -> JudgementSet:
    judged = open_judgements(path, kind="triplets", tell=tell)
    if not len(judged):
        raise UsageError(f"{path}: holds no triplets; expected at least one.")
    return judged
