"""Candidates on the plane of two metrics, as SVG: each a dot with its intervals."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

from markupsafe import Markup

from beholder.reports.agreement_charts import COLOURS
from beholder.reports.compare_words import head, score_words
from beholder.reports.svg import draw_svg, round_ticks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from beholder.judgements import Interval
    from beholder.reports.compare_findings import Findings
    from beholder.spec import MetricSpec

__all__ = ["draw_candidates"]

_WIDTH, _HEIGHT = 640, 400
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 20, 14, 52
_LINE, _LETTER = 15, 6.8  # height of a label, and width of a letter in it, about
_RADIUS = 5.5


@dataclasses.dataclass(frozen=True)
class _Axis:
    ticks: Sequence[float]
    place: Callable[[float], float]


def draw_candidates(findings: Findings, across: str, up: str) -> Markup:
    """Draw every candidate's means by two metrics, with their intervals; better lies to the right and up.

    Args:
        findings: Means of all candidates by both metrics.
        across: Metric that lies across.
        up: Metric that lies up.
    """
    specs = [findings.measured[name].spec for name in (across, up)]
    means = [[standing.mean for standing in findings.standings[name]] for name in (across, up)]
    x = _axis(means[0], (_LEFT, _WIDTH - _RIGHT), specs[0])
    y = _axis(means[1], (_HEIGHT - _BOTTOM, _TOP), specs[1])
    drawn = [*_grid(x, y, head(across, specs[0]), head(up, specs[1]))]
    for place, (name, *at) in enumerate(zip(findings.candidates, *means, strict=True)):
        told = ", ".join(
            f"{metric} {score_words(mean.estimate, spec)}"
            for metric, mean, spec in zip((across, up), at, specs, strict=True)
        )
        drawn.append(_dot(x, y, at[0], at[1], COLOURS[place % len(COLOURS)], f"{name}: {told}"))
    dots = [(x.place(a.estimate), y.place(b.estimate)) for a, b in zip(*means, strict=True)]
    drawn += _labels(findings.candidates, dots)
    return draw_svg(_WIDTH, _HEIGHT, drawn, f"Means of {up} over means of {across}, one dot per candidate")


def _axis(means: Sequence[Interval], ends: tuple[float, float], spec: MetricSpec) -> _Axis:
    reached = [each for mean in means for each in (mean.estimate, mean.low, mean.high) if math.isfinite(each)]
    ticks = round_ticks(min(reached), max(reached))
    low, high = ticks[0], ticks[-1]
    first, last = ends if spec.direction == "higher" else ends[::-1]
    return _Axis(ticks, lambda value: first + (last - first) * (value - low) / ((high - low) or 1.0))


def _dot(x: _Axis, y: _Axis, across: Interval, up: Interval, colour: str, told: str) -> Markup:
    column, row = x.place(across.estimate), y.place(up.estimate)
    line = Markup('<line stroke="{}" x1="{:.1f}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}"/>')
    whiskers = []
    if math.isfinite(across.low):
        whiskers.append(line.format(colour, x.place(across.low), x.place(across.high), row, row))
    if math.isfinite(up.low):
        whiskers.append(line.format(colour, column, column, y.place(up.low), y.place(up.high)))
    return Markup(
        '<g class="candidate"><title>{}</title>{}<circle cx="{:.1f}" cy="{:.1f}" r="{}" fill="{}"/></g>'
    ).format(told, Markup("").join(whiskers), column, row, _RADIUS, colour)


def _grid(x: _Axis, y: _Axis, across: str, up: str) -> list[Markup]:
    rule = Markup('<line class="rule" x1="{:.1f}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}"/>')
    number = Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}">{:.5g}</text>')
    name = Markup('<text class="part" x="{:.1f}" y="{:.1f}" text-anchor="middle"{}>{}</text>')
    bottom = _HEIGHT - _BOTTOM
    drawn = []
    for tick in x.ticks:
        drawn += [rule.format(x.place(tick), x.place(tick), _TOP, bottom)]
        drawn += [number.format(x.place(tick), bottom + 18, "middle", tick)]
    for tick in y.ticks:
        drawn += [rule.format(_LEFT, _WIDTH - _RIGHT, y.place(tick), y.place(tick))]
        drawn += [number.format(_LEFT - 8, y.place(tick) + 4, "end", tick)]
    middle = (_TOP + bottom) / 2
    turned = Markup(' transform="rotate(-90 14 {:.1f})"').format(middle)
    drawn.append(name.format((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 10, Markup(""), across))
    return [*drawn, name.format(14, middle, turned, up)]


def _labels(names: Sequence[str], dots: Sequence[tuple[float, float]]) -> list[Markup]:
    """Names beside their dots, moved up or down until none lies over another; what finds no room has its title only."""
    taken = [(column - 7, column + 7, row + 4) for column, row in dots]
    drawn = []
    for name, (column, row) in zip(names, dots, strict=True):
        width = _LETTER * len(name)
        sides = [
            left
            for left in (column + 11, column - 11 - width)
            if left > _LEFT and left + width < _WIDTH - _RIGHT
        ]
        moves = [(left, row + 4 + move * _LINE) for move in (-0.5, 0.5, -1, 1, -2, 2) for left in sides]
        free = (
            (left, line)
            for left, line in moves
            if _TOP < line < _HEIGHT - _BOTTOM
            and not any(
                abs(line - other) < _LINE - 1 and left < end and begin < left + width
                for begin, end, other in taken
            )
        )
        if found := next(free, None):
            left, line = found
            taken.append((left, left + width, line))
            drawn.append(
                Markup('<text class="label" x="{:.1f}" y="{:.1f}">{}</text>').format(left, line, name)
            )
    return drawn
