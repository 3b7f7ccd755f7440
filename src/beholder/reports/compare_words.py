"""What a comparison tells, in words: sentences, and tables for a terminal and for machines."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table
from rich.text import Text

from beholder.reports.summary import in_words

if TYPE_CHECKING:
    from beholder.judgements import Interval
    from beholder.reports.compare_findings import Findings, Standing, Versus
    from beholder.spec import MetricSpec

__all__ = [
    "Cell",
    "cell",
    "compare_table",
    "findings_object",
    "head",
    "legend",
    "score_words",
    "sentence",
    "warning",
]

_DECIMALS = {"dB": 2}
_SIGNS = {"": "", "like": "≈", "better": "▲", "worse": "▼"}


@dataclasses.dataclass(frozen=True)
class Cell:
    """A candidate's mean in words.

    Attributes:
        mean: The mean.
        interval: Its interval; empty of one picture.
        mark: A sign, see `legend`.
        best: Whether no candidate has a better mean.
    """

    mean: str
    interval: str
    mark: str
    best: bool


def head(name: str, spec: MetricSpec) -> str:
    """A metric's column: its name, unit, and which way is better."""
    unit = "" if spec.unit == "1" else f", {spec.unit}"
    return f"{name}{unit} {'↑' if spec.direction == 'higher' else '↓'}"


def score_words(score: float, spec: MetricSpec) -> str:
    """A score in words."""
    return in_words(score, _DECIMALS.get(spec.unit, 4))


def cell(standing: Standing, spec: MetricSpec) -> Cell:
    """A candidate's mean in words."""
    mean, low, high = (
        score_words(each, spec) for each in (standing.mean.estimate, standing.mean.low, standing.mean.high)
    )
    interval = "" if math.isnan(standing.mean.low) else f"{low} to {high}"
    return Cell(mean, interval, _SIGNS[standing.mark], standing.best)


def legend(findings: Findings) -> str:
    """What the marks in the table mean."""
    if findings.baseline is None:
        marks = "bold and * the best mean; ≈ not told apart from it"
    else:
        marks = (
            f"bold and * the best mean; ▲ better than {findings.baseline}, ▼ worse, ≈ not told apart from it"
        )
    count = len(findings.comparisons)
    corrected = f", corrected for {count} comparisons by Holm's method" if count > 1 else ""
    return (
        f"Mean over the same {_count(findings.pictures)}, 95% interval from resampling pictures. {marks[0].upper()}{marks[1:]}. "
        f"p-values: Wilcoxon's signed-rank test{corrected}. Effect: rank-biserial correlation, 1 where one is better on "
        "every picture, 0 where none prevails."
    )


def warning(findings: Findings) -> str:
    """That there are too few pictures to tell, and by which metrics, if not by all; empty where there are enough."""
    scarce = findings.scarce
    if not scarce:
        return ""
    most, count = max(scarce.values()), len(findings.comparisons)
    by = "" if len(scarce) == len(findings.measured) else f" by {', '.join(scarce)}"
    return (
        f"{_count(most)} {'is' if most == 1 else 'are'} too few to tell candidates apart{by}: with "
        f"{count} comparison{'' if count == 1 else 's'}, {findings.needed} are needed before any difference, however "
        "large, could be shown not to be chance."
    )


def sentence(versus: Versus, spec: MetricSpec) -> str:
    """Two candidates by one metric, in a sentence; the better one comes first: by the ranks, where they are told apart."""
    prevails = versus.found.effect if spec.direction == "higher" else -versus.found.effect
    turned = versus.losses > versus.wins if versus.verdict == "unclear" else prevails < 0
    first, second = (versus.second, versus.first) if turned else (versus.first, versus.second)
    wins = versus.losses if turned else versus.wins
    found = versus.found
    all_pictures = found.above + found.below + found.equal
    equal = f", equal on {found.equal}" if found.equal else ""
    numbers = f"({_difference(found.difference, spec, turned=turned)}, effect {abs(found.effect):.2f}, {_p(versus.p_value)})"
    on = f"{wins} of {_count(all_pictures)}{equal}"
    if versus.verdict in ("better", "worse"):
        return f"{first} beats {second} in {versus.metric} on {on} {numbers}"
    if versus.verdict == "mixed":
        return (
            f"{first} is better than {second} in {versus.metric} on {on}, but not in the mean, which few pictures move "
            f"{numbers}"
        )
    if found.equal == all_pictures:
        return f"{first} and {second} are equal in {versus.metric} on all of {_count(all_pictures)}"
    return f"{first} and {second} are not told apart in {versus.metric}: {first} is better on {on} {numbers}"


def _difference(difference: Interval, spec: MetricSpec, *, turned: bool) -> str:
    ends = [difference.estimate, difference.low, difference.high]
    if turned:
        ends = [-difference.estimate, -difference.high, -difference.low]
    largest = max((abs(each) for each in ends if math.isfinite(each)), default=0.0)
    decimals = min(max(2 - math.floor(math.log10(largest)), 0), 8) if largest else 2
    mean, low, high = (in_words(each, decimals) for each in ends)
    unit = "" if spec.unit == "1" else f" {spec.unit}"
    signed = mean if mean[0] == "−" else f"+{mean}"
    return f"{signed}{unit}" if math.isnan(ends[1]) else f"{signed}{unit}, 95% {low} to {high}"


def _p(p_value: float) -> str:
    return "p < 0.001" if p_value < 0.001 else f"p = {p_value:.2g}"


def _count(pictures: int) -> str:
    return f"{pictures:,} picture{'' if pictures == 1 else 's'}"


def compare_table(findings: Findings) -> Table:
    """Candidates and their means, for a terminal."""
    drawn = Table("candidate", box=box.SIMPLE_HEAD)
    measured = findings.measured
    for name, each in measured.items():
        drawn.add_column(head(name, each.spec), justify="right", no_wrap=True)
    for place, candidate in enumerate(findings.candidates):
        cells = []
        for name, each in measured.items():
            if name not in findings.standings:
                cells.append(Text("–"))
                continue
            told = cell(findings.standings[name][place], each.spec)
            interval = f" ({told.interval})" if told.interval else ""
            text = f"{told.mean}{interval} {told.mark or ('*' if told.best else ' ')}"
            cells.append(
                Text(f"{text}*" if told.best and told.mark else text, style="bold" if told.best else "")
            )
        drawn.add_row(Text(candidate), *cells)
    return drawn


def findings_object(findings: Findings) -> dict[str, Any]:
    """The same for machines: numbers that JSON can hold; those that are not known are ``None``."""
    scores = [
        {
            "candidate": candidate,
            "metric": name,
            **_ends("mean", standing.mean),
            "best": standing.best,
            "mark": standing.mark,
        }
        for name, standings in findings.standings.items()
        for candidate, standing in zip(findings.candidates, standings, strict=True)
    ]
    comparisons = [
        {
            "metric": each.metric,
            "first": each.first,
            "second": each.second,
            **_ends("difference", each.found.difference),
            "wins": each.wins,
            "losses": each.losses,
            "ties": each.found.equal,
            "effect": each.found.effect,
            "p_value": each.found.p_value,
            "p_holm": each.p_value,
            "verdict": each.verdict,
        }
        for each in findings.comparisons
    ]
    return {
        "pictures": findings.pictures,
        "pictures_needed": findings.needed if findings.scarce else None,
        "baseline": findings.baseline,
        "scores": scores,
        "comparisons": comparisons,
        "left_out": dict(findings.left_out),
        "infinite": {name: list(each.infinite) for name, each in findings.measured.items() if each.infinite},
    }


def _ends(name: str, interval: Interval) -> dict[str, float | None]:
    numbers = {name: interval.estimate, "low": interval.low, "high": interval.high}
    return {key: number if math.isfinite(number) else None for key, number in numbers.items()}
