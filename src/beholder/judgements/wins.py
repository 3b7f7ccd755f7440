"""Tables of how often each of k things was preferred to each other, checked before anything is computed from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse.csgraph import connected_components

from beholder.spec import UsageError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["check_joined", "check_wins"]

_NAMED = 5  # things of a group that a message names


def check_wins(wins: ArrayLike, ties: ArrayLike | None = None) -> NDArray[np.float64]:
    """Wins with half of each tie for both sides.

    Args:
        wins: How often the row's thing was preferred to the column's, shape (k, k), k at least 2.
        ties: How often neither was, symmetric, shape (k, k).

    Returns:
        Shape (k, k), of any fraction.

    Raises:
        UsageError: If they are no square tables of finite counts from 0 with nothing on the diagonal, or ties are not
            symmetric.
    """
    counts = _check_table("wins", wins)
    if ties is None:
        return counts
    even = _check_table("ties", ties)
    if even.shape != counts.shape or not np.array_equal(even, even.T):
        raise UsageError(
            f"ties has the shape {even.shape}, for wins of shape {counts.shape}; expected a symmetric table of the same "
            "shape, with each tie of i and j counted once at [i, j] and once at [j, i]."
        )
    return counts + even / 2


def check_joined(counts: NDArray[np.float64], *, strongly: bool) -> bool:
    """Refuse things that no chain of questions joins, whose distance nobody was asked about.

    Args:
        counts: As `check_wins` gives them, shape (k, k).
        strongly: Whether to refuse separated answers too.

    Returns:
        Whether answers are separated: some things never lost to any of the others, so that the likelihood
        grows for ever as they move away.

    Raises:
        UsageError: If things are not joined, or answers are separated and must not be.
    """
    groups, member = connected_components(counts > 0, directed=False)
    if groups > 1:
        raise UsageError(
            f"no chain of questions joins {_named(member, 0)} with {_named(member, 1)}; expected every two things to be "
            "compared, if only through others. Ask a pair of them, or scale each group alone."
        )
    groups, member = connected_components(counts > 0, directed=True, connection="strong")
    if groups > 1 and strongly:
        raise UsageError(
            f"{_named(member, _top(counts, member))} never lost to any other thing, so that their best scale values are "
            "infinitely far apart; expected some answer against each group of things. Ask more, or take the weak prior."
        )
    return bool(groups > 1)


def _top(counts: NDArray[np.float64], member: NDArray[np.intp]) -> int:
    """A group that lost to no other."""
    for group in range(member.max() + 1):
        inside = member == group
        if not counts[np.ix_(~inside, inside)].any():
            return group
    return 0


def _named(member: NDArray[np.intp], group: int) -> str:
    numbers = np.flatnonzero(member == group)
    more = f" and {len(numbers) - _NAMED} more" if len(numbers) > _NAMED else ""
    return f"{'things' if len(numbers) > 1 else 'thing'} {', '.join(map(str, numbers[:_NAMED]))}{more}"


def _check_table(name: str, table: ArrayLike) -> NDArray[np.float64]:
    try:
        counts = np.asarray(table, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"{name} cannot be read as numbers ({error}); expected a count in each cell."
        ) from error
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or len(counts) < 2:
        raise UsageError(
            f"{name} has the shape {counts.shape}; expected a row and a column for each of 2 things or more."
        )
    if not np.isfinite(counts).all() or (counts < 0).any() or np.diag(counts).any():
        raise UsageError(
            f"{name} holds what are no counts; expected finite numbers from 0, and 0 on the diagonal."
        )
    return counts
