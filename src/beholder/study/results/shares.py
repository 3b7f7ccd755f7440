"""Shares of answers, with intervals."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from scipy.special import ndtri

from beholder.judgements import Interval, mean_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "count_wins",
    "number_conditions",
    "shares_of_parts",
    "shares_of_stimuli",
    "tell_wins",
    "wilson",
]

_LEVEL = 0.95
_FEWEST_PARTS = 2


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


def shares_of_parts(votes: pl.DataFrame, *, by_condition: bool) -> pl.DataFrame:
    """How often a difference was seen, by condition, or by subset.

    Args:
        votes: Answers that count, of JND.
        by_condition: Whether conditions are what the study compares; those of BAPPS's rows may differ in each of them.

    Returns:
        `part`, `votes`, `share`, and `low` and `high`, of intervals that resample observers, NaN with one of them; from the part
        whose difference is seen most. Empty where nothing tells parts apart.
    """
    done = pl.concat_str(["condition0", "condition1"], separator=" and ", ignore_nulls=True)
    named = votes.with_columns(part=done if by_condition else "subset")
    parts = named.drop_nulls("part").partition_by("part")
    rows = [] if len(parts) < _FEWEST_PARTS else [_part(each) for each in parts]
    schema = {"part": pl.String, "votes": pl.Int64, **dict.fromkeys(("share", "low", "high"), pl.Float64)}
    return pl.DataFrame(rows, schema=schema, orient="row").sort("share", "part", descending=[True, False])


def _part(votes: pl.DataFrame) -> tuple[str, int, float, float, float]:
    values, observers = votes["value"].to_numpy(), votes["observer"]
    found = Interval(estimate=float(values.mean()), low=math.nan, high=math.nan)
    if observers.n_unique() > 1:
        found = mean_interval(values, observers.to_numpy())
    return votes["part"][0], len(votes), found.estimate, found.low, found.high


def number_conditions(votes: pl.DataFrame) -> tuple[list[str], NDArray[np.int64], NDArray[np.int64]]:
    """The names of all conditions, sorted, and the numbers of candidate 1's and candidate 0's for each vote, shape (votes,)."""
    names = sorted(set(votes["condition0"]) | set(votes["condition1"]))
    place = {name: index for index, name in enumerate(names)}
    first, second = (
        votes[column].replace_strict(place, return_dtype=pl.Int64()).to_numpy()
        for column in ("condition1", "condition0")
    )
    return names, first, second


def count_wins(votes: pl.DataFrame) -> NDArray[np.float64]:
    """How often the row's condition was preferred to the column's, shape (conditions, conditions); a tie is half a win for both.

    Args:
        votes: Answers that count, about two conditions each; these are in the order of `number_conditions`.
    """
    names, first, second = number_conditions(votes)
    won = votes["value"].to_numpy()
    wins = np.zeros((len(names), len(names)))
    np.add.at(wins, (first, second), won)
    np.add.at(wins, (second, first), 1 - won)
    return wins


def tell_wins(votes: pl.DataFrame) -> pl.DataFrame:
    """`count_wins` as a row for each two conditions, either way: `condition`, `other`, how often it `won`, and `votes`."""
    names, wins = number_conditions(votes)[0], count_wins(votes)
    rows = [
        (one, other, wins[row, column], round(wins[row, column] + wins[column, row]))
        for row, one in enumerate(names)
        for column, other in enumerate(names)
        if row != column
    ]
    schema = {"condition": pl.String, "other": pl.String, "won": pl.Float64, "votes": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")
