"""Shares of answers, with intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from scipy.special import ndtri

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["shares_of_stimuli", "wilson"]

_LEVEL = 0.95


def wilson(
    yes: NDArray[np.float64], votes: NDArray[np.float64], level: float = _LEVEL
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Wilson's interval of shares; votes of one stimulus are of different observers, so independent.

    Args:
        yes: Answers of a kind, shape (n,); a tie is half a one.
        votes: All answers, above 0, shape (n,).
        level: Confidence level.

    References:
        Wilson, JASA 1927, doi:10.1080/01621459.1927.10502953.
    """
    z2 = float(ndtri(0.5 + level / 2)) ** 2
    share = yes / votes
    centre = (share + z2 / (2 * votes)) / (1 + z2 / votes)
    half = np.sqrt(z2 * (share * (1 - share) / votes + z2 / (4 * votes**2))) / (1 + z2 / votes)
    return np.clip(centre - half, 0, 1), np.clip(centre + half, 0, 1)


def shares_of_stimuli(votes: pl.DataFrame) -> pl.DataFrame:
    """What was answered of each stimulus.

    Args:
        votes: Answers that count.

    Returns:
        A row for each stimulus that has votes: `stimulus`, `group`, `subset`, `condition0`, `condition1`, `strength`, `votes`, `yes`
        (for candidate 1, or "different"; a tie is half a vote), and `share` with `low` and `high`.
    """
    about = ["group", "subset", "condition0", "condition1", "strength"]
    table = (
        votes.group_by("stimulus")
        .agg(*(pl.col(name).first() for name in about), votes=pl.len(), yes=pl.col("value").sum())
        .sort("group", "strength", "stimulus")
    )
    yes, number = table["yes"].to_numpy(), table["votes"].to_numpy().astype(np.float64)
    low, high = wilson(yes, number)
    return table.with_columns(share=pl.Series(yes / number), low=pl.Series(low), high=pl.Series(high))
