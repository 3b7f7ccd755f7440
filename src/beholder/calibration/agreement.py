"""How well each metric agrees with people, with intervals, and which metrics differ."""

from __future__ import annotations

import dataclasses
import itertools
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from beholder.judgements import (
    agreements,
    average_precision,
    compare_correlations,
    compare_means,
    correlate,
    grouped_interval,
    holm,
    human_ceilings,
    mean_interval,
    preference_auc,
    spearman,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from beholder.calibration.measured import MeasuredSet

__all__ = ["ALL", "MEAN", "Agreement", "agree"]

ALL = "all"
"""The part that holds all rows."""
MEAN = "mean of subsets"
"""Each subset counts alike, as in the tables of Zhang et al. 2018."""

_FEWEST = 8  # rows, and two groups, of a part that is told of


@dataclasses.dataclass(frozen=True)
class Agreement:
    """What there is to tell of metrics on a set.

    Attributes:
        scores: A row for each metric and part: `metric`, `by` (``all``, ``subset``, ``distortion``), `part`, `rows`, `groups`,
            then, of triplets, `agreement` (2AFC score), `low` and `high` (its interval), `ceiling` (human), `auc`; of JND
            pairs `average_precision`, `low`, `high`; of ratings `srcc`, `low`, `high`, `krcc`, `plcc`, `rmse`
            (after a logistic of 4 parameters), `plcc_5`, `rmse_5` (of 5).
        comparisons: A row for each two metrics on all rows: `first`, `second`, `difference` with its interval `low` and `high`,
            `p_value`, and `p_holm`, adjusted for the number of comparisons; of JND pairs there is no p-value.
    """

    scores: pl.DataFrame
    comparisons: pl.DataFrame


def agree(
    measured: MeasuredSet,
    *,
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
    tell: Callable[[int, int], object] | None = None,
) -> Agreement:
    """Compare metrics with people, on the whole set and on its parts.

    Intervals resample groups: all rows of a reference picture come and go together.

    Args:
        measured: Judgements and distances.
        level: Confidence level of the intervals, between 0 and 1.
        resamples: How often groups are drawn, at least 100.
        seed: Where chance starts from; the same seed gives the same intervals.
        tell: Called with the number of steps that are done, and of all.

    Raises:
        UsageError: If an option is impossible, or there are too few rows or groups.
    """
    options = {"level": level, "resamples": resamples, "seed": seed}
    jobs = [(name, *part) for name in measured.distances for part in _parts(measured)]
    rows = []
    for done, (name, by, part, chosen) in enumerate(jobs):
        told = {
            "metric": name,
            "by": by,
            "part": part,
            "rows": len(chosen),
            "groups": len(set(chosen.groups.tolist())),
        }
        score = _of_subsets if by == MEAN else _SCORES[measured.kind]
        rows.append(told | score(chosen, chosen.distances[name], options))
        if tell is not None:
            tell(done + 1, len(jobs))
    return Agreement(pl.DataFrame(rows), _compare(measured, options))


def _parts(measured: MeasuredSet) -> Iterator[tuple[str, str, MeasuredSet]]:
    yield ALL, ALL, measured
    subsets = set(measured.parts["subset"].tolist()) if "subset" in measured.parts else set()
    if len(subsets) > 1 and measured.kind == "triplets":
        yield MEAN, MEAN, measured
    for by, column in measured.parts.items():
        for part in dict.fromkeys(column.tolist()):
            chosen = measured.choose(column == part)
            if (
                len(chosen) >= _FEWEST
                and len(set(chosen.groups.tolist())) > 1
                and len(chosen) < len(measured)
            ):
                yield by, str(part), chosen


def _of_triplets(
    rows: MeasuredSet,
    distances: NDArray[np.float64],
    options: dict[str, Any],
) -> dict[str, float]:
    d0, d1 = distances.T
    interval = mean_interval(agreements(d0, d1, rows.answers), rows.groups, **options)
    return {
        "agreement": interval.estimate,
        "low": interval.low,
        "high": interval.high,
        "ceiling": float(np.mean(human_ceilings(rows.answers))),
        "auc": preference_auc(d0, d1, rows.answers),
    }


def _of_subsets(
    rows: MeasuredSet, distances: NDArray[np.float64], options: dict[str, Any]
) -> dict[str, float]:
    """The mean of the subsets' scores; rows weigh so that their mean is that."""
    d0, d1 = distances.T
    weights = _balance(rows.parts["subset"])
    interval = mean_interval(weights * agreements(d0, d1, rows.answers), rows.groups, **options)
    return {
        "agreement": interval.estimate,
        "low": interval.low,
        "high": interval.high,
        "ceiling": float(np.mean(weights * human_ceilings(rows.answers))),
        "auc": math.nan,
    }


def _balance(subsets: NDArray[Any]) -> NDArray[np.float64]:
    """What rows weigh so that their mean is the mean of the subsets' means."""
    _, places, counts = np.unique(subsets, return_inverse=True, return_counts=True)
    weights: NDArray[np.float64] = len(subsets) / (len(counts) * counts[places])
    return weights


def _of_pairs(
    rows: MeasuredSet,
    distances: NDArray[np.float64],
    options: dict[str, Any],
) -> dict[str, float]:
    interval = grouped_interval(average_precision, (distances[:, 0], rows.answers), rows.groups, **options)
    return {"average_precision": interval.estimate, "low": interval.low, "high": interval.high}


def _of_ratings(
    rows: MeasuredSet,
    distances: NDArray[np.float64],
    options: dict[str, Any],
) -> dict[str, float]:
    scores, opinions = -distances[:, 0], _quality(rows)
    interval = grouped_interval(spearman, (scores, opinions), rows.groups, **options)
    four, five = (correlate(scores, opinions, logistic=parameters) for parameters in (4, 5))
    return {
        "srcc": interval.estimate,
        "low": interval.low,
        "high": interval.high,
        "krcc": four.krcc,
        "plcc": four.plcc,
        "rmse": four.rmse,
        "plcc_5": five.plcc,
        "rmse_5": five.rmse,
    }


_SCORES = {"triplets": _of_triplets, "pairs": _of_pairs, "ratings": _of_ratings}


def _compare(measured: MeasuredSet, options: dict[str, Any]) -> pl.DataFrame:
    rows = [
        {"first": first, "second": second}
        | _COMPARISONS[measured.kind](
            measured, measured.distances[first], measured.distances[second], options
        )
        for first, second in itertools.combinations(measured.distances, 2)
    ]
    frame = pl.DataFrame(rows)
    return (
        frame.with_columns(p_holm=holm(frame["p_value"].to_numpy())) if "p_value" in frame.columns else frame
    )


def _compare_triplets(
    rows: MeasuredSet, first: NDArray[np.float64], second: NDArray[np.float64], options: dict[str, Any]
) -> dict[str, float]:
    one, other = (agreements(each[:, 0], each[:, 1], rows.answers) for each in (first, second))
    found = compare_means(one, other, rows.groups, **options)
    interval = found.difference
    return {
        "difference": interval.estimate,
        "low": interval.low,
        "high": interval.high,
        "p_value": found.p_value,
    }


def _compare_pairs(
    rows: MeasuredSet, first: NDArray[np.float64], second: NDArray[np.float64], options: dict[str, Any]
) -> dict[str, float]:
    columns = first[:, 0], second[:, 0], rows.answers
    interval = grouped_interval(_more_precise, columns, rows.groups, **options)
    return {"difference": interval.estimate, "low": interval.low, "high": interval.high}


def _compare_ratings(
    rows: MeasuredSet, first: NDArray[np.float64], second: NDArray[np.float64], options: dict[str, Any]
) -> dict[str, float]:
    columns = -first[:, 0], -second[:, 0], _quality(rows)
    interval = grouped_interval(_better_ranked, columns, rows.groups, **options)
    return {
        "difference": interval.estimate,
        "low": interval.low,
        "high": interval.high,
        "p_value": compare_correlations(*columns).p_value,
    }


_COMPARISONS = {"triplets": _compare_triplets, "pairs": _compare_pairs, "ratings": _compare_ratings}


def _quality(rows: MeasuredSet) -> NDArray[np.float64]:
    """Opinions, higher better."""
    return rows.answers if rows.better == "higher" else -rows.answers


def _more_precise(
    first: NDArray[np.float64], second: NDArray[np.float64], same: NDArray[np.float64]
) -> float:
    return average_precision(first, same) - average_precision(second, same)


def _better_ranked(
    first: NDArray[np.float64], second: NDArray[np.float64], quality: NDArray[np.float64]
) -> float:
    return spearman(first, quality) - spearman(second, quality)
