"""Folds of cross-validation that keep a reference picture's rows together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from beholder.judgements.groups import number_groups
from beholder.spec import UsageError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["assign_folds"]


def assign_folds(groups: ArrayLike, rows: int, *, folds: int = 5, seed: int = 0) -> NDArray[np.intp]:
    """Deal groups out to folds, at random: no group lies in two, and each fold has as many groups, or one more.

    Args:
        groups: Label of each row's group, shape (n,), text or numbers.
        rows: The number of rows n.
        folds: How many folds, at least 2.
        seed: Where chance starts from; the same seed gives the same folds.

    Returns:
        The fold of each row, from 0, shape (n,).

    Raises:
        UsageError: If there are fewer than two folds, or fewer groups than folds.
    """
    if folds < 2:
        raise UsageError(f"folds is {folds}; expected at least 2.")
    numbers, count = number_groups(groups, rows)
    if count < folds:
        raise UsageError(
            f"there are {count} reference pictures for {folds} folds; expected at least one for each. Take fewer folds (--folds)."
        )
    fold_of_group = np.empty(count, dtype=np.intp)
    fold_of_group[np.random.default_rng(seed).permutation(count)] = np.arange(count) % folds
    return fold_of_group[numbers]
