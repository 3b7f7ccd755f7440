"""What a study tells in a number: agreement, ceiling, false alarms, sides, time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from beholder.judgements import Interval, grouped_interval, human_ceilings, krippendorff_alpha, mean_interval
from beholder.study.results.shares import wilson

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray

    from beholder.study.design import Design

__all__ = ["catches", "figures_of"]

_FEWEST_VOTES = 2  # of a stimulus: whoever is alone agrees with everybody
_FEWEST_GROUPS = 2


def figures_of(
    answers: pl.DataFrame, counted: pl.DataFrame, shares: pl.DataFrame, design: Design
) -> pl.DataFrame:
    """What is told in a number.

    Agreement among observers is told by stimuli with two votes or more; its intervals resample references.

    Args:
        answers: Of `beholder.study.results.read_answers`.
        counted: Those that are votes.
        shares: Of each stimulus.
        design: What was asked.

    Returns:
        `name`, `value`, and `low` and `high`, which are NaN where there is no interval.
    """
    told = [*_agreement(counted, shares, design.kind)]
    again = _repeated(answers, counted)
    told += [("self_agreement", _share(again))] if len(again) else []
    if design.kind == "jnd":
        for name, expected in (("false_alarms", "same"), ("hits_of_noise", "different")):
            caught = catches(answers, counted, expected)
            told += [(name, _share(caught["value"]))] if len(caught) else []
    else:
        clear = counted.filter(pl.col("answer") != "tie")
        left = (clear["value"] == 1) == clear["swapped"]
        told += [("chosen_left", _share(left))] if len(left) else []
    told.append(("seconds", _alone(float(np.median(counted["milliseconds"])) / 1000)))
    rows = [(name, found.estimate, found.low, found.high) for name, found in told]
    return pl.DataFrame(rows, schema=["name", "value", "low", "high"], orient="row")


def catches(answers: pl.DataFrame, counted: pl.DataFrame, expected: str) -> pl.DataFrame:
    """Catch trials with that right answer, of observers who count."""
    counting = counted["observer"].unique().implode()
    return answers.filter(
        (pl.col("purpose") == "catch") & (pl.col("expected") == expected) & pl.col("observer").is_in(counting)
    )


def _agreement(counted: pl.DataFrame, shares: pl.DataFrame, kind: str) -> Iterator[tuple[str, Interval]]:
    kinds = ("same", "different") if kind == "jnd" else ("p0", "p1", "tie")
    each = counted.group_by("stimulus").agg(
        *((pl.col("answer") == answer).sum().alias(answer) for answer in kinds)
    )
    several = shares.filter(pl.col("votes") >= _FEWEST_VOTES).join(each, on="stimulus", maintain_order="left")
    groups, share = several["group"].to_numpy(), several["share"].to_numpy()
    yield "krippendorff_alpha", _alpha(several.select(kinds).to_numpy(), groups)
    if kind != "jnd":
        yield "human_ceiling", _mean(human_ceilings(share) if len(share) else share, groups)
    yield "majority", _mean(np.maximum(share, 1 - share), groups)


def _alpha(counts: NDArray[np.int64], groups: ArrayLike) -> Interval:
    if len(np.unique(groups)) < _FEWEST_GROUPS:
        return _alone(krippendorff_alpha(counts))
    return grouped_interval(krippendorff_alpha, [counts], groups, scale="fisher")


def _mean(values: NDArray[np.float64], groups: ArrayLike) -> Interval:
    if len(np.unique(groups)) < _FEWEST_GROUPS:
        return _alone(float(values.mean()) if len(values) else math.nan)
    return mean_interval(values, groups)


def _alone(value: float) -> Interval:
    return Interval(estimate=value, low=math.nan, high=math.nan)


def _share(values: pl.Series) -> Interval:
    yes, number = np.array([float(values.sum())]), np.array([float(len(values))])
    low, high = wilson(yes, number)
    return Interval(estimate=float(yes[0] / number[0]), low=float(low[0]), high=float(high[0]))


def _repeated(answers: pl.DataFrame, counted: pl.DataFrame) -> pl.Series:
    keys = ["observer", "session", "stimulus"]
    again = answers.filter(pl.col("purpose") == "repeat").join(
        counted.select(*keys, before="answer"), on=keys, how="inner"
    )
    return again["answer"] == again["before"]
