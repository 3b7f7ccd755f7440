"""The page of `beholder study analyse`: who counts, what they said, and how sure it is."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import polars as pl

from beholder.reports.agreement_cells import fold_intervals
from beholder.reports.page import readable_date, write_page
from beholder.reports.study_charts import Estimate, draw_curve, draw_estimates, draw_histogram, draw_shares

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from markupsafe import Markup

    from beholder.study.results import Analysis

__all__ = ["write_study_page"]

_FIGURES = {
    "krippendorff_alpha": (
        "Krippendorff's alpha",
        "how far observers agree beyond chance: 1 always, 0 as by chance",
    ),
    "human_ceiling": (
        "Human ceiling",
        "the chance that two people choose the same: a person's own 2AFC score",
    ),
    "majority": (
        "Majority",
        "mean share of the votes for what most chose: the best score that a metric can get",
    ),
    "self_agreement": ("Agreement with themselves", "share of repetitions that were answered as before"),
    "false_alarms": ("False alarms", "share of equal pictures that were called different"),
    "hits_of_noise": ("Heavy noise seen", "share of plainly different pictures that were called different"),
    "chosen_left": (
        "Left chosen",
        "share of votes for what was shown on the left; half where sides do not matter",
    ),
    "seconds": ("Time", "median seconds to an answer"),
}
_QUESTIONS = {
    "2afc": "Which of two is closer to a reference",
    "jnd": "Are two pictures the same",
    "ranking": "Which of two results is better",
}
_MODELS = {
    "bradley-terry": "Bradley-Terry: a difference of 1 is preferred by 73 %, of 2 by 88 %",
    "thurstone": "Thurstone, case V: a difference of 0.67 is preferred by 75 %, of 1 by 84 %",
}
_FLAGS = {
    "flat": "The share does not grow with the strength by more than chance.",
    "step": "The share jumps between two strengths: steps are too large for a slope.",
    "outside": "The threshold lies beyond the strengths that were shown.",
}
_MOST_ROWS = 500


@dataclasses.dataclass(frozen=True)
class _Chart:
    """A chart with what it tells in words."""

    title: str
    words: str
    drawn: list[Markup]


@dataclasses.dataclass(frozen=True)
class _Table:
    title: str
    words: str
    heads: list[str]
    rows: list[list[str]]


def write_study_page(found: Analysis, path: Path, *, created: str) -> None:
    """Write what a study has found as one HTML page that opens offline.

    Args:
        found: What `beholder.study.results.analyse` tells.
        path: The page to write, replaced whole or not at all; its folder is created where missing.
        created: When, in ISO 8601.
    """
    design = found.design
    write_page(
        path,
        "study.html.j2",
        styles=("page.css", "agreement.css", "study.css"),
        script="agreement.js",
        context={
            "title": design.title_in(design.languages[0]),
            "asked": _QUESTIONS[design.kind],
            "observers": len(found.observers),
            "counting": int(found.observers["counts"].sum()),
            "votes": int(found.shares["votes"].sum()),
            "stimuli": len(found.shares),
            "figures": [
                (*_FIGURES[row["name"]], _number(row["value"], row["low"], row["high"]))
                for row in found.figures.to_dicts()
            ],
            "notes": found.notes,
            "charts": list(_charts(found)),
            "tables": list(_tables(found)),
            "created": readable_date(created),
        },
    )


def _number(value: float, low: float, high: float) -> str:
    if value != value:
        return "not known"
    return f"{value:.3f}" if low != low else f"{value:.3f} ({low:.3f} to {high:.3f})"


def _charts(found: Analysis) -> Iterator[_Chart]:
    if found.scales is not None:
        for model, words in _MODELS.items():
            rows = [
                Estimate(row["condition"], row["value"], row["low"], row["high"])
                for row in found.scales.filter(found.scales["model"] == model).to_dicts()
            ]
            told = f"Higher is better. {words}. Intervals of 95 % by resampling observers."
            yield _Chart(f"Scale values, {model.title()}", told, [draw_estimates(rows, unit=words)])
    if found.curves:
        told = 'Share of "different" by strength. Dots are larger with more votes; the band is the interval of 95 % of the threshold.'
        flags = {curve.fit.flag for curve in found.curves if curve.fit is not None and curve.fit.flag}
        told = " ".join([told, *(_FLAGS[flag] for flag in sorted(flags))])
        drawn = [
            draw_curve(curve, title=curve.group or "all references") for curve in found.curves[:_MOST_ROWS]
        ]
        yield _Chart("Psychometric functions", told, drawn)
    shares = found.shares
    columns = [shares[name].to_numpy() for name in ("share", "low", "high")]
    seen = found.design.kind == "jnd"
    what = "who see a difference" if seen else "who choose candidate 1"
    told = f"Share of observers {what}, of each stimulus, from the lowest to the highest, with intervals of 95 %."
    yield _Chart("Differences seen" if seen else "Preferences", told, [draw_shares(*columns, unit=told)])
    told = "Votes by the seconds that they took; the longest hundredth is in the last bar."
    yield _Chart("Time to an answer", told, [draw_histogram(found.seconds, unit=told)])


def _tables(found: Analysis) -> Iterator[_Table]:
    if found.thresholds is not None:
        yield _table(
            "Thresholds",
            "Strength at which half of what can be seen is seen, and the slope there.",
            found.thresholds,
        )
    if found.wins is not None:
        yield _table(
            "Comparisons",
            "How often the row's condition was preferred to the column's; a tie is half.",
            found.wins,
        )
    order = found.observers.sort("counts", "observer", descending=[False, False])
    words = (
        "Who does not count, and why, comes first. likelihood: how usual the answers are, in interquartile ranges from the median; "
        "below -1.5, look closer."
    )
    yield _table(
        "Observers",
        words,
        order.with_columns(counts=pl.col("counts").replace_strict({True: "yes", False: "no"})),
    )
    words = (
        f"The first {_MOST_ROWS}; `beholder study export` writes all."
        if len(found.shares) > _MOST_ROWS
        else ""
    )
    yield _table("Stimuli", words, found.shares.head(_MOST_ROWS).drop("yes"))


def _table(title: str, words: str, frame: pl.DataFrame) -> _Table:
    empty = [name for name in frame.columns if frame[name].null_count() == len(frame)]
    heads, rows = fold_intervals(frame.drop(empty))
    return _Table(title, words, heads, rows)
