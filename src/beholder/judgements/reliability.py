"""How far people agree with each other beyond chance."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from beholder.judgements.columns import check_columns, check_shares
from beholder.spec import UsageError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["alpha_of_votes", "krippendorff_alpha", "whole_votes"]

_ROUNDING = 1e-4  # of a vote: shares are stored in single precision


def krippendorff_alpha(counts: ArrayLike) -> float:
    r"""Krippendorff's alpha of answers that have no order (nominal), from how often each was given of each unit.

    .. math:: \alpha = 1 - \frac{D_o}{D_e}, \quad D_o = \frac1n \sum_u \frac{\sum_{c \ne k} n_{uc} n_{uk}}{m_u - 1},
        \quad D_e = \frac{\sum_{c \ne k} n_c n_k}{n (n - 1)}

    with :math:`n_{uc}` answers c of the :math:`m_u` of unit u, and :math:`n_c` of all n. Units with one answer or none do not count.

    Args:
        counts: How often each of k answers was given of each unit, shape (units, k).

    Returns:
        At most 1: all agree; 0: as by chance; below 0: less than by chance. NaN where no unit has two answers, or all
        answers are the same.

    Raises:
        UsageError: If the counts are not two-dimensional, or are no whole numbers from 0.

    References:
        Krippendorff, "Computing Krippendorff's Alpha-Reliability", 2011, and "Content Analysis", 2019, chapter 12.
    """
    table = np.asarray(counts, dtype=np.float64)
    if table.ndim != 2 or not np.isfinite(table).all() or (table < 0).any() or (table % 1).any():
        raise UsageError(
            f"counts have the shape {table.shape}; expected how often each answer was given of each unit, shape (units, "
            "answers), whole numbers from 0."
        )
    table = table[table.sum(1) > 1]
    every = table.sum()
    expected = every**2 - float((table.sum(0) ** 2).sum())
    if not expected:
        return math.nan
    answers = table.sum(1)
    apart = (answers**2 - (table**2).sum(1)) / (answers - 1)
    return float(1 - (every - 1) * apart.sum() / expected)


def whole_votes(shares: ArrayLike, votes: ArrayLike) -> NDArray[np.float64] | None:
    """How many people gave each of two answers, from a share and the number of people.

    Args:
        shares: Share of people who gave the second answer (preferred candidate 1, said "same"), in [0, 1], shape (n,).
        votes: How many were asked, 0 where it is not known, shape (n,).

    Returns:
        Counts of the first and the second answer, shape (n, 2); or ``None`` where a number of votes is not known, or a share is
        none of that many votes.

    Raises:
        UsageError: If the columns differ in length, a number is not finite, or a share leaves [0, 1].
    """
    share, number = check_columns(shares=shares, votes=votes)
    check_shares(shares=share)
    second = share * number
    counted = np.round(second)
    if (number < 1).any() or (number % 1).any() or (np.abs(second - counted) > _ROUNDING).any():
        return None
    return np.stack([number - counted, counted], axis=1)


def alpha_of_votes(shares: ArrayLike, votes: ArrayLike) -> float:
    """`krippendorff_alpha` of choices between two, from shares of votes; NaN where these are not known (`whole_votes`)."""
    counts = whole_votes(shares, votes)
    return math.nan if counts is None else krippendorff_alpha(counts)
