"""How well each metric agrees with people, with intervals, and which metrics differ."""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from beholder.calibration.opinions import UNKNOWN, score_ratings, with_interval
from beholder.judgements import (
    agreements,
    average_precision,
    compare_means,
    grouped_interval,
    holm,
    human_ceilings,
    influence_interval,
    krippendorff_alpha,
    mean_interval,
    preference_auc,
    preference_influences,
    spearman,
    swap_test,
)
from beholder.judgements.groups import sums_of_groups
from beholder.judgements.reliability import whole_votes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from beholder.calibration.measured import MeasuredSet
    from beholder.judgements import Interval

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
        scores: A row for each metric and part: `metric`, `by` (``all``, ``mean of subsets``, ``subset``, ``distortion``), `part`, `rows`, `groups`,
            then, of triplets, `agreement` (2AFC score), `low` and `high` (its interval), `ceiling` (human), `auc`; of JND
            pairs `average_precision`, `low`, `high`; of both, where votes are known, people's own reliability `alpha`; of ratings `srcc`, `low`, `high` and what
            `beholder.calibration.opinions` tells. Every figure after the first has its interval in columns of its
            name: `auc_low`, `auc_high`.
        comparisons: A row for each two metrics on all rows: `first`, `second`, `difference` with its interval `low` and `high`,
            `p_value`, and `p_holm`, adjusted for the number of comparisons.
    """

    scores: pl.DataFrame
    comparisons: pl.DataFrame


def agree(
    measured: MeasuredSet,
    *,
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
    against: str | None = None,
    tell: Callable[[int, int], object] | None = None,
) -> Agreement:
    """Compare metrics with people, on the whole set and on its parts.

    Intervals resample groups: all rows of a reference picture come and go together.

    Args:
        measured: Judgements and distances.
        level: Confidence level of the intervals, between 0 and 1.
        resamples: How often groups are drawn, at least 100.
        seed: Where chance starts from; the same seed gives the same intervals.
        against: The metric that the others are compared with; by default each is compared with each.
        tell: Called with the number of steps that are done, and of all.

    Raises:
        UsageError: If an option is impossible, or there are too few rows or groups.
    """
    options = {"level": level, "resamples": resamples, "seed": seed}
    parts, couples = list(_parts(measured)), list(itertools.combinations(measured.distances, 2))
    if against is not None:
        couples = [(against, name) for name in measured.distances if name != against]
    total = len(measured.distances) * len(parts) + len(couples)
    scores, comparisons = [], []
    for name, (by, part, chosen) in itertools.product(measured.distances, parts):
        told = {"metric": name, "by": by, "part": part, "rows": len(chosen)}
        told["groups"] = len(set(chosen.groups.tolist()))
        score = _of_subsets if by == MEAN else _SCORES[measured.kind]
        scores.append(told | score(chosen, chosen.distances[name], options))
        if tell is not None:
            tell(len(scores), total)
    for first, second in couples:
        comparisons.append(_compare(measured, first, second, options))
        if tell is not None:
            tell(len(scores) + len(comparisons), total)
    return Agreement(pl.DataFrame(scores), _adjusted(pl.DataFrame(comparisons)))


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
    ceiling = mean_interval(human_ceilings(rows.answers), rows.groups, **options)
    auc = influence_interval(
        preference_auc(d0, d1, rows.answers),
        sums_of_groups(preference_influences(d0, d1, rows.answers), rows.groups),
        scale="logit",
        **options,
    )
    return {
        "agreement": interval.estimate,
        "low": interval.low,
        "high": interval.high,
        **with_interval("ceiling", ceiling),
        **with_interval("auc", auc),
        **_reliability(rows, options),
    }


def _of_subsets(
    rows: MeasuredSet, distances: NDArray[np.float64], options: dict[str, Any]
) -> dict[str, float]:
    """The mean of the subsets' scores; rows weigh so that their mean is that."""
    d0, d1 = distances.T
    interval, ceiling = (
        _mean_of_subsets(values, rows, options)
        for values in (agreements(d0, d1, rows.answers), human_ceilings(rows.answers))
    )
    return {
        "agreement": interval.estimate,
        "low": interval.low,
        "high": interval.high,
        **with_interval("ceiling", ceiling),
        **with_interval("auc", UNKNOWN),
        **({} if rows.votes is None else with_interval("alpha", UNKNOWN)),
    }


def _reliability(rows: MeasuredSet, options: dict[str, Any]) -> dict[str, float]:
    """People's own: Krippendorff's alpha, where votes are known."""
    if rows.votes is None:
        return {}
    counts = whole_votes(rows.answers, rows.votes)
    if counts is None:
        return with_interval("alpha", UNKNOWN)
    return with_interval(
        "alpha", grouped_interval(krippendorff_alpha, [counts], rows.groups, scale="fisher", **options)
    )


def _mean_of_subsets(values: NDArray[np.float64], rows: MeasuredSet, options: dict[str, Any]) -> Interval:
    weights = _balance(rows.parts["subset"])
    # Which subset a row is of is not left to chance: only what rows differ by from their own subset's mean is resampled.
    estimate = float(np.mean(weights * values))
    apart = weights * (values - _subset_means(values, rows.parts["subset"]))
    return mean_interval(estimate + apart, rows.groups, **options)


def _subset_means(values: NDArray[np.float64], subsets: NDArray[Any]) -> NDArray[np.float64]:
    """The mean of each row's subset."""
    _, places, counts = np.unique(subsets, return_inverse=True, return_counts=True)
    means: NDArray[np.float64] = np.bincount(places, weights=values)[places] / counts[places]
    return means


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
    interval = grouped_interval(
        average_precision, (distances[:, 0], rows.answers), rows.groups, scale="logit", **options
    )
    told = {"average_precision": interval.estimate, "low": interval.low, "high": interval.high}
    return told | _reliability(rows, options)


def _of_ratings(
    rows: MeasuredSet,
    distances: NDArray[np.float64],
    options: dict[str, Any],
) -> dict[str, float]:
    return score_ratings(-distances[:, 0], _quality(rows), rows.standard_errors, rows.groups, **options)


_SCORES = {"triplets": _of_triplets, "pairs": _of_pairs, "ratings": _of_ratings}


def _compare(measured: MeasuredSet, first: str, second: str, options: dict[str, Any]) -> dict[str, Any]:
    compare = _compare_triplets if measured.kind == "triplets" else _compare_ranks
    told = compare(measured, measured.distances[first], measured.distances[second], options)
    return {"first": first, "second": second} | told


def _adjusted(frame: pl.DataFrame) -> pl.DataFrame:
    """With p-values adjusted for their number, but for those that are no number."""
    if not len(frame):
        return frame
    adjusted = frame["p_value"].to_numpy().copy()
    known = np.isfinite(adjusted)
    if known.any():
        adjusted[known] = holm(adjusted[known])
    return frame.with_columns(p_holm=pl.Series(adjusted))


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


def _compare_ranks(
    rows: MeasuredSet, first: NDArray[np.float64], second: NDArray[np.float64], options: dict[str, Any]
) -> dict[str, float]:
    """JND pairs by average precision, ratings by rank correlation."""
    pairs = rows.kind == "pairs"
    statistic = average_precision if pairs else spearman
    answers = rows.answers if pairs else -_quality(rows)

    def difference(one: NDArray[np.float64], other: NDArray[np.float64], said: NDArray[np.float64]) -> float:
        return statistic(one, said) - statistic(other, said)

    columns = first[:, 0], second[:, 0], answers
    interval = grouped_interval(difference, columns, rows.groups, **options)
    return {
        "difference": interval.estimate,
        "low": interval.low,
        "high": interval.high,
        "p_value": swap_test(
            statistic, *columns, rows.groups, swaps=options["resamples"], seed=options["seed"]
        ),
    }


def _quality(rows: MeasuredSet) -> NDArray[np.float64]:
    """Opinions, higher better."""
    return rows.answers if rows.better == "higher" else -rows.answers
