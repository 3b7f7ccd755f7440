"""What a study tells: shares, agreement, scales and thresholds, of observers that count."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from beholder.judgements import (
    PsychometricFit,
    fit_psychometric,
    scale_values,
    scale_values_by_observer,
)
from beholder.spec import UsageError
from beholder.study.results.figures import catches, figures_of
from beholder.study.results.observers import examine_observers, votes
from beholder.study.results.shares import (
    count_wins,
    number_conditions,
    shares_of_parts,
    shares_of_stimuli,
    tell_wins,
    wilson,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from beholder.judgements.pair_models import PairModel
    from beholder.study.design import Design

__all__ = ["Analysis", "Curve", "analyse"]

_MODELS: tuple[PairModel, ...] = ("bradley-terry", "thurstone")
_FEWEST_CATCHES = 10  # equal pairs that tell the share of false alarms; of fewer the curve does
_FEWEST_STRENGTHS = 2
_MOST_REASONS = 5
_ODD = -1.5  # interquartile ranges
_SEPARATED = (
    "The answers alone would put a condition infinitely far from another: more answers are needed there, and until then a weak "
    "prior holds it."
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Curve:
    """The psychometric function of a reference, or of all.

    Attributes:
        group: What the reference is called; ``None`` for all of them together.
        points: `strength`, `votes`, `yes`, `share`, `low`, `high`.
        fit: The curve; ``None`` where there are fewer than two strengths.
    """

    group: str | None
    points: pl.DataFrame
    fit: PsychometricFit | None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Analysis:
    """What a study tells.

    Attributes:
        design: What was asked.
        observers: Each of them; see `beholder.study.results.observers.examine_observers`.
        shares: What was answered of each stimulus; see `beholder.study.results.shares.shares_of_stimuli`.
        parts: Of JND without strengths, by condition or subset; see `beholder.study.results.shares.shares_of_parts`.
        figures: Name, estimate, and interval or NaN, of what is told in a number: `name`, `value`, `low`, `high`.
        scales: Of conditions, by `model`: `condition`, `value`, `low`, `high`, `won` (share of comparisons).
        wins: How often each condition was preferred to each other; see `beholder.study.results.shares.tell_wins`.
        curves: Of studies of thresholds.
        seconds: How long each vote took, shape (votes,).
        notes: What to know of it, in words.
    """

    design: Design
    observers: pl.DataFrame
    shares: pl.DataFrame
    parts: pl.DataFrame | None
    figures: pl.DataFrame
    scales: pl.DataFrame | None
    wins: pl.DataFrame | None
    curves: list[Curve]
    seconds: NDArray[np.float64]
    notes: list[str]

    @property
    def thresholds(self) -> pl.DataFrame | None:
        """The curves in numbers: `reference`, `votes`, `threshold` and `slope` with their intervals, `flag`."""
        return pl.DataFrame([_threshold(curve) for curve in self.curves]) if self.curves else None


def _threshold(curve: Curve) -> dict[str, str | int | float]:
    told: dict[str, str | int | float] = {
        "reference": curve.group or "all",
        "votes": int(curve.points["votes"].sum()),
    }
    for name in ("threshold", "slope"):
        interval = None if curve.fit is None else getattr(curve.fit, name)
        for key, part in ((name, "estimate"), (f"{name}_low", "low"), (f"{name}_high", "high")):
            told[key] = math.nan if interval is None else float(getattr(interval, part))
    return told | {"flag": "" if curve.fit is None else curve.fit.flag}


def analyse(answers: pl.DataFrame, design: Design) -> Analysis:
    """Analyse a study.

    Args:
        answers: Of `beholder.study.results.read_answers`.
        design: What was asked.

    Raises:
        UsageError: If nobody answered, or nobody's answers count.
    """
    observers = examine_observers(answers, design)
    counted = votes(answers, observers)
    if not len(counted):
        raise UsageError(f"there is nothing to analyse: {_why_nothing(observers)}.")
    shares = shares_of_stimuli(counted)
    notes = _odd_observers(observers)
    compared = bool(design.stimuli.conditions) and design.kind != "jnd"
    seen = design.kind == "jnd" and design.stimuli.levels is None
    return Analysis(
        design=design,
        observers=observers,
        shares=shares,
        parts=shares_of_parts(counted, by_condition=bool(design.stimuli.conditions)) if seen else None,
        figures=figures_of(answers, counted, shares, design),
        scales=_scales(counted, notes) if compared else None,
        wins=tell_wins(counted) if compared else None,
        curves=_curves(answers, counted) if design.stimuli.levels is not None else [],
        seconds=counted["milliseconds"].to_numpy() / 1000,
        notes=notes,
    )


def _why_nothing(observers: pl.DataFrame) -> str:
    if not len(observers):
        return "nobody has answered yet"
    told = [f"{row['observer']}: {row['reason']}" for row in observers.head(_MOST_REASONS).to_dicts()]
    more = len(observers) - len(told)
    return "; ".join(["nobody's answers count", *told, *([f"and {more} more"] if more else [])])


def _odd_observers(observers: pl.DataFrame) -> list[str]:
    odd = observers.filter(pl.col("counts") & (pl.col("likelihood") < _ODD))
    return [
        f"{row['observer']} counts, but answers otherwise than the others: {row['likelihood']:.1f} interquartile ranges from the "
        "median; look, and exclude them with a reason if they did not look."
        for row in odd.to_dicts()
    ]


def _scales(counted: pl.DataFrame, notes: list[str]) -> pl.DataFrame | None:
    names, first, second = number_conditions(counted)
    wins = count_wins(counted)
    share = wins.sum(1) / np.maximum(wins.sum(1) + wins.sum(0), 1)
    observers = counted["observer"].to_numpy()
    alone = counted["observer"].n_unique() == 1
    parts = []
    try:
        for model in _MODELS:
            found = (
                scale_values(wins, model=model)
                if alone
                else scale_values_by_observer(
                    observers, first, second, counted["value"].to_numpy(), model=model
                )
            )
            columns = {"value": found.values, "low": found.low, "high": found.high, "won": share}
            part = pl.DataFrame({"model": [model] * len(names), "condition": names, **columns})
            parts.append(part.sort("value", descending=True))
            if found.separated and model == _MODELS[0]:
                notes.append(_SEPARATED)
    except UsageError as error:
        notes.append(f"There is no scale of conditions: {error}")
        return None
    if alone:
        notes.append("The scale is one observer's: its intervals do not tell how far others would differ.")
    return pl.concat(parts)


def _curves(answers: pl.DataFrame, counted: pl.DataFrame) -> list[Curve]:
    same = catches(answers, counted, "same")["value"]
    guess = (float(same.sum()) + 0.5) / (len(same) + 1) if len(same) >= _FEWEST_CATCHES else None
    groups: list[str | None] = sorted(counted["group"].unique())
    if len(groups) > 1:
        groups = [None, *groups]
    return [_curve(counted, group, None if guess is None else min(guess, 0.5)) for group in groups]


def _curve(counted: pl.DataFrame, group: str | None, guess: float | None) -> Curve:
    those = counted if group is None else counted.filter(pl.col("group") == group)
    points = those.group_by("strength").agg(votes=pl.len(), yes=pl.col("value").sum()).sort("strength")
    yes, number = points["yes"].to_numpy(), points["votes"].to_numpy().astype(np.float64)
    low, high = wilson(yes, number)
    points = points.with_columns(share=pl.Series(yes / number), low=pl.Series(low), high=pl.Series(high))
    fit = None
    if len(points) >= _FEWEST_STRENGTHS:
        fit = fit_psychometric(points["strength"].to_numpy(), yes, number, guess=guess)
    return Curve(group=group, points=points, fit=fit)
