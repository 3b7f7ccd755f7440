"""Columns of numbers about the same rows, checked before anything is computed from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from beholder.spec import UsageError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["check_columns", "check_shares", "is_constant"]


def check_columns(least: int = 1, **columns: ArrayLike) -> list[NDArray[np.float64]]:
    """Columns as float64, one number for each row.

    Args:
        least: Fewest rows that will do.
        columns: Each column by its name, shape (n,).

    Returns:
        The columns in the order given, shape (n,) each.

    Raises:
        UsageError: If a column is not of numbers, not one-dimensional, not finite, shorter than ``least``, or of
            another length than the first.
    """
    checked = [_numbers(name, column) for name, column in columns.items()]
    first = next(iter(columns))
    for name, column in zip(columns, checked, strict=True):
        if len(column) != len(checked[0]):
            raise UsageError(
                f"{name} has {len(column)} rows and {first} has {len(checked[0])}; expected a row of each about the "
                "same thing."
            )
    if len(checked[0]) < least:
        raise UsageError(f"{first} has {len(checked[0])} rows; expected at least {least}.")
    return checked


def check_shares(**columns: NDArray[np.float64]) -> None:
    """Refuse columns that leave [0, 1].

    Raises:
        UsageError: If a value lies outside.
    """
    for name, column in columns.items():
        outside = np.flatnonzero((column < 0) | (column > 1))
        if len(outside):
            raise UsageError(
                f"{name} is {column[outside[0]]:g} in row {outside[0]}; expected shares of people, from 0 to 1."
            )


def is_constant(column: NDArray[np.float64]) -> bool:
    """Whether all rows hold the same number."""
    return bool((column == column[0]).all())


def _numbers(name: str, column: ArrayLike) -> NDArray[np.float64]:
    try:
        numbers: NDArray[Any] = np.asarray(column)
        if numbers.dtype.kind not in "biuf" and numbers.dtype != object:
            raise TypeError(f"values of type {numbers.dtype}")
        numbers = numbers.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"{name} cannot be read as numbers ({error}); expected a number in each row."
        ) from error
    if numbers.ndim != 1:
        raise UsageError(f"{name} has the shape {numbers.shape}; expected one number a row, shape (n,).")
    strange = np.flatnonzero(~np.isfinite(numbers))
    if len(strange):
        raise UsageError(
            f"{name} is {numbers[strange[0]]} in row {strange[0]}, and not finite in {len(strange)} of {len(numbers)} "
            "rows; expected finite numbers. Leave those rows out of all columns."
        )
    return numbers
