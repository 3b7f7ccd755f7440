"""Rows that belong together, such as all triplets of one reference picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from beholder.spec import UsageError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["group_sums", "label_groups", "number_groups", "sums_of_groups"]


def number_groups(
    groups: ArrayLike, rows: int, *, least: int = 2, name: str = "groups"
) -> tuple[NDArray[np.intp], int]:
    """Number the groups from 0, in the order of their sorted labels.

    Args:
        groups: Label of each row's group, text or numbers, shape (n,).
        rows: The number of rows n that there must be.
        least: Fewest groups that will do.
        name: What an error calls the column.

    Returns:
        Number of each row's group, shape (n,), and how many groups there are.

    Raises:
        UsageError: If there is not one label a row, labels cannot be told apart, or there are too few groups.
    """
    labels = np.asarray(groups)
    if labels.shape != (rows,):
        raise UsageError(
            f"{name} has the shape {labels.shape}; expected the label of a group for each of {rows} rows, shape ({rows},)."
        )
    if labels.dtype.kind == "f" and np.isnan(labels).any():
        raise UsageError(f"{name} has rows without a label (NaN); expected a label in each row.")
    try:
        names, numbers = np.unique(labels, return_inverse=True)
    except TypeError as error:
        raise UsageError(
            f"{name} has labels of several kinds ({error}); expected all text, or all numbers."
        ) from error
    if len(names) < least:
        raise UsageError(
            f"{name} has {len(names)} different labels; expected at least {least}: chance is told from how groups differ."
        )
    return numbers.astype(np.intp), len(names)


def label_groups(name: str, labels: ArrayLike, rows: int) -> tuple[list[Any], NDArray[np.intp], int]:
    """As `number_groups`, with the sorted labels themselves before it, and one group will do.

    Raises:
        UsageError: As `number_groups`, which calls the column by ``name``.
    """
    numbers, count = number_groups(labels, rows, least=1, name=name)
    return np.unique(np.asarray(labels)).tolist(), numbers, count


def group_sums(
    values: NDArray[np.float64], numbers: NDArray[np.intp], count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sum of each group's values and its number of rows, shape (count,) each."""
    # Weighted counts are float64 already; numpy's types say they are whole.
    sums = np.asarray(np.bincount(numbers, weights=values, minlength=count), dtype=np.float64)
    return sums, np.bincount(numbers, minlength=count).astype(np.float64)


def sums_of_groups(values: NDArray[np.float64], groups: ArrayLike) -> NDArray[np.float64]:
    """What groups do to a sum over rows, were all g of them alike: g times each one's sum, shape (g,).

    Args:
        values: One for each row, shape (n,).
        groups: Label of each row's group, shape (n,).

    Raises:
        UsageError: As `number_groups`.
    """
    numbers, count = number_groups(groups, len(values))
    return count * group_sums(values, numbers, count)[0]
