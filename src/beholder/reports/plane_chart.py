"""The plane of two measures, as SVG: how close a restored picture is, and how good it looks."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Literal

from markupsafe import Markup

from beholder.reports.svg import draw_svg, round_ticks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from beholder.judgements import Interval

__all__ = ["Measure", "Spot", "Trace", "draw_plane"]

Kind = Literal["trial", "front", "chosen", "named", "step", "candidate"]

_WIDTH, _HEIGHT = 720, 460
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 24, 16, 56
_LINE = 15  # height of a label
_DOT = 9  # half of what a dot takes
_LETTER = 6.7  # width of one in a label, about
_RADIUS = {"trial": 3.5, "front": 5.5, "chosen": 7.5, "named": 5.5, "step": 4.5, "candidate": 5.5}
_MOVES = (0, -0.5, 0.5, -1, 1, -2, 2, -3, 3)  # of a label from its dot, in lines


@dataclasses.dataclass(frozen=True)
class Measure:
    """An axis of the plane.

    Attributes:
        name: What it measures.
        higher: Whether more is better: better lies to the right and up, so axes of distances run backwards.
        unit: What it is measured in, if anything.
    """

    name: str
    higher: bool
    unit: str = ""

    @property
    def label(self) -> str:
        """The axis in words."""
        better = "higher is better" if self.higher else "lower is better"
        return f"{self.name}, {self.unit + ', ' if self.unit else ''}{better}"


@dataclasses.dataclass(frozen=True)
class Spot:
    """A dot on the plane.

    Attributes:
        scores: Across, and up.
        kind: What it is, from which it gets its look.
        title: Told where the pointer rests.
        label: Written beside it, if anything.
        colour: Its own, in place of its kind's.
        intervals: Of both scores, drawn in its colour as lines through the dot; an end that is not known is NaN.
    """

    scores: tuple[float, float]
    kind: Kind
    title: str
    label: str = ""
    colour: str = ""
    intervals: tuple[()] | tuple[Interval, Interval] = ()


@dataclasses.dataclass(frozen=True)
class Trace:
    """A line through places of the plane.

    Attributes:
        places: Across and up, in their order.
        kind: ``"front"`` or ``"step"``, from which it gets its look.
        title: Told where the pointer rests.
    """

    places: Sequence[tuple[float, float]]
    kind: Literal["front", "step"]
    title: str


def draw_plane(
    spots: Sequence[Spot], traces: Sequence[Trace], across: Measure, up: Measure, *, told: str
) -> Markup:
    """Draw dots and lines; the best corner is the upper right one.

    Args:
        spots: The dots, one at least; later ones lie above.
        traces: The lines, below all dots.
        across: What lies across.
        up: What lies up.
        told: What the picture shows, for those who do not see it.
    """
    x = _scale(_reached(spots, 0), (_LEFT, _WIDTH - _RIGHT), forwards=across.higher)
    y = _scale(_reached(spots, 1), (_HEIGHT - _BOTTOM, _TOP), forwards=up.higher)
    drawn = _grid(x, y, across, up)
    drawn += [
        Markup('<polyline class="line {}" points="{}"><title>{}</title></polyline>').format(
            trace.kind, " ".join(f"{x.place(a):.1f},{y.place(b):.1f}" for a, b in trace.places), trace.title
        )
        for trace in traces
    ]
    drawn += [_dot(spot, x, y) for spot in spots]
    return draw_svg(_WIDTH, _HEIGHT, [*drawn, *_labels(spots, x, y)], told)


@dataclasses.dataclass(frozen=True)
class _Scale:
    ticks: Sequence[float]
    place: Callable[[float], float]


def _reached(spots: Sequence[Spot], side: int) -> list[float]:
    """All scores on one axis, with the ends of their intervals."""
    ends = [
        end for spot in spots for each in spot.intervals[side : side + 1] for end in (each.low, each.high)
    ]
    return [*(spot.scores[side] for spot in spots), *filter(math.isfinite, ends)]


def _scale(values: Sequence[float], ends: tuple[float, float], *, forwards: bool) -> _Scale:
    ticks = round_ticks(min(values), max(values))
    low, high = ticks[0], ticks[-1]
    first, last = ends if forwards else ends[::-1]
    return _Scale(ticks, lambda value: first + (last - first) * (value - low) / ((high - low) or 1.0))


def _dot(spot: Spot, x: _Scale, y: _Scale) -> Markup:
    column, row = x.place(spot.scores[0]), y.place(spot.scores[1])
    line = Markup('<line stroke="{}" x1="{:.1f}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}"/>')
    lines = []
    for scale, each in zip((x, y), spot.intervals, strict=False):
        if math.isfinite(each.low):
            low, high = scale.place(each.low), scale.place(each.high)
            ends = (low, high, row, row) if scale is x else (column, column, low, high)
            lines.append(line.format(spot.colour, *ends))
    own = Markup(' fill="{}"').format(spot.colour) if spot.colour else ""
    return Markup(
        '<g class="spot {}"><title>{}</title>{}<circle cx="{:.1f}" cy="{:.1f}" r="{}"{}/></g>'
    ).format(spot.kind, spot.title, Markup("").join(lines), column, row, _RADIUS[spot.kind], own)


def _grid(x: _Scale, y: _Scale, across: Measure, up: Measure) -> list[Markup]:
    rule = Markup('<line class="rule" x1="{:.1f}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}"/>')
    text = Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}">{:.5g}</text>')
    name = Markup('<text class="part" x="{:.1f}" y="{:.1f}" text-anchor="middle"{}>{}</text>')
    bottom = _HEIGHT - _BOTTOM
    middle = (_TOP + bottom) / 2
    drawn = []
    for tick in x.ticks:
        drawn += [
            rule.format(x.place(tick), x.place(tick), _TOP, bottom),
            text.format(x.place(tick), bottom + 18, "middle", tick),
        ]
    for tick in y.ticks:
        drawn += [
            rule.format(_LEFT, _WIDTH - _RIGHT, y.place(tick), y.place(tick)),
            text.format(_LEFT - 8, y.place(tick) + 4, "end", tick),
        ]
    turned = Markup(' transform="rotate(-90 14 {:.1f})"').format(middle)
    return [
        *drawn,
        name.format((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 10, Markup(""), across.label),
        name.format(14, middle, turned, up.label),
    ]


def _labels(spots: Sequence[Spot], x: _Scale, y: _Scale) -> Iterator[Markup]:
    """Labels beside their dots, moved up or down until none lies over another; what finds no room has its title only."""
    places = [(x.place(spot.scores[0]), y.place(spot.scores[1]) + 4) for spot in spots]
    taken = [(column - _DOT, column + _DOT, line) for column, line in places]
    for spot, (column, line) in zip(spots, places, strict=True):
        width = _LETTER * len(spot.label)
        sides = [
            left
            for left in (column + 11, column - 11 - width)
            if left > _LEFT and left + width < _WIDTH - _RIGHT
        ]
        moves = _MOVES[1:] if spot.intervals else _MOVES  # the lines run where it would stand
        room = (
            (left, line + move * _LINE)
            for move in moves
            for left in sides
            if _is_free(left, width, line + move * _LINE, taken)
        )
        if spot.label and (found := next(room, None)):
            left, line = found
            taken.append((left, left + width, line))
            yield Markup('<text class="label" x="{:.1f}" y="{:.1f}">{}</text>').format(left, line, spot.label)


def _is_free(left: float, width: float, line: float, taken: Sequence[tuple[float, float, float]]) -> bool:
    return _TOP < line < _HEIGHT - _BOTTOM and not any(
        abs(line - other) < _LINE - 1 and left < end and begin < left + width for begin, end, other in taken
    )
