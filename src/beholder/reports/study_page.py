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

    from beholder.study.design import Design
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
_SAMPLING = {"even": "evenly", "active": "by what tells most", "quest+": "by what tells most"}
_MODELS = {
    "bradley-terry": "Bradley-Terry: a difference of 1 is preferred by 73 %, of 2 by 88 %",
    "thurstone": "Thurstone, case V: a difference of 0.67 is preferred by 75 %, of 1 by 84 %",
}
_FLAGS = {
    "flat": "the share does not grow with the strength by more than chance, so there is no threshold",
    "step": "the share jumps between two strengths: steps are too large for a slope",
    "outside": "the threshold lies beyond the strengths that were shown",
}
_HEADS = {
    "first": "left chosen",
    "false_alarms": "false alarms",
    "consistent": "repetitions as before",
    "likelihood": "usual",
}
_MOST_ROWS = 500
_MOST_NAMES = 5


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
            "asked": _asked(design),
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


def _asked(design: Design) -> str:
    """The question, and the design in a sentence."""
    session, catch = design.session, design.catch
    question = design.question.get(design.languages[0]) or f"{_QUESTIONS[design.kind]}?"
    ties = ', "no difference" allowed' if design.ties else ""
    again = f", {session.repetitions} of them twice" if session.repetitions else ""
    return (
        f"{question} {design.kind.upper() if design.kind != 'ranking' else 'Ranking'}{ties}; {design.votes} votes for each stimulus, "
        f"asked {_SAMPLING[design.sampling]}; sessions of {session.trials} trials{again}, and {catch.identical + catch.noise} catch trials."
    )


def _number(value: float, low: float, high: float) -> str:
    if value != value:
        return "not known"
    return f"{value:.3f}" if low != low else f"{value:.3f} ({low:.3f} to {high:.3f})"


def _charts(found: Analysis) -> Iterator[_Chart]:
    if found.scales is not None:
        alone = found.observers["counts"].sum() == 1
        for model, words in _MODELS.items():
            rows = [
                Estimate(row["condition"], row["value"], row["low"], row["high"])
                for row in found.scales.filter(found.scales["model"] == model).to_dicts()
            ]
            chance = "taking answers for independent" if alone else "by resampling observers"
            told = f"Higher is better. {words}. Intervals of 95 % {chance}."
            yield _Chart(f"Scale values, {model.title()}", told, [draw_estimates(rows, unit=words)])
    if found.parts is not None and len(found.parts):
        rows = [
            Estimate(row["part"], row["share"], row["low"], row["high"]) for row in found.parts.to_dicts()
        ]
        told = "Share of votes that see a difference. Intervals of 95 % by resampling observers."
        title = "By condition" if found.design.stimuli.conditions else "By subset"
        yield _Chart(title, told, [draw_estimates(rows, unit=told)])
    if found.curves:
        told = (
            'Share of "different" by strength. Dots are larger with more votes; the band is the interval of 95 % of the threshold.'
            + _flagged(found)
        )
        strengths = [strength for curve in found.curves for strength in curve.points["strength"]]
        reach = min(strengths), max(strengths)
        drawn = [
            draw_curve(curve, title=curve.group or "all references", reach=reach)
            for curve in found.curves[:_MOST_ROWS]
        ]
        yield _Chart("Psychometric functions", told, drawn)
    shares = found.shares
    share, low, high = (shares[name].to_numpy() for name in ("share", "low", "high"))
    seen = found.design.kind == "jnd"
    what = "who see a difference" if seen else "who choose candidate 1"
    told = f"Share of observers {what}, of each stimulus, from the lowest to the highest, with intervals of 95 %."
    yield _Chart(
        "Differences seen" if seen else "Preferences",
        told,
        [draw_shares(share, low, high, shares["stimulus"].to_list(), unit=told)],
    )
    told = "Votes by the seconds that they took; the longest hundredth is in the last bar."
    yield _Chart("Time to an answer", told, [draw_histogram(found.seconds, unit=told)])


def _flagged(found: Analysis) -> str:
    """What no threshold, or none to rely on, is known of."""
    told = ""
    for flag, words in _FLAGS.items():
        names = [
            curve.group or "all references"
            for curve in found.curves
            if curve.fit is not None and curve.fit.flag == flag
        ]
        more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        told += f" {flag.title()} ({', '.join(names[:_MOST_NAMES])}{more}): {words}." if names else ""
    return told


def _tables(found: Analysis) -> Iterator[_Table]:
    if found.thresholds is not None:
        yield _table(
            "Thresholds",
            "Strength at which half of what can be seen is seen, and the slope there.",
            found.thresholds,
        )
    if found.wins is not None:
        yield _matrix(found.wins)
    yield _observers(found)
    words = (
        f"The first {_MOST_ROWS}; `beholder study export` writes all."
        if len(found.shares) > _MOST_ROWS
        else ""
    )
    yield _table("Stimuli", words, found.shares.head(_MOST_ROWS).drop("yes"))


def _matrix(wins: pl.DataFrame) -> _Table:
    names = list(dict.fromkeys(wins["condition"]))
    won = {(row["condition"], row["other"]): f"{row['won']:g}" for row in wins.to_dicts()}
    rows = [[name, *(won.get((name, other), "") for other in names)] for name in names]
    words = "How often the row's condition was preferred to the column's; a tie is half."
    return _Table("Comparisons", words, ["condition", *names], rows)


def _observers(found: Analysis) -> _Table:
    order = found.observers.sort("counts", "observer", descending=[False, False])
    words = (
        "Who does not count, and why, comes first. Usual: how usual the answers are by what others said, in interquartile ranges from "
        "the median; below -1.5, look closer."
    )
    rows = order.select(
        "observer",
        pl.when("counts").then(pl.lit("yes")).otherwise(pl.format("no: {}", "reason")).alias("counts"),
        pl.col("answers").alias("votes"),
        pl.format("{} of {}", "catch_right", "catch_shown").alias("catch trials right"),
        pl.format("{} %", (100 * pl.col("quick")).round(1)).alias("too quick"),
        pl.col("seconds").round(2).alias("seconds"),
        *(pl.col(name).alias(head) for name, head in _HEADS.items() if name in order.columns),
    )
    return _table("Observers", words, rows)


def _table(title: str, words: str, frame: pl.DataFrame) -> _Table:
    empty = [name for name in frame.columns if frame[name].null_count() == len(frame)]
    heads, rows = fold_intervals(frame.drop(empty))
    return _Table(title, words, heads, rows)
