"""The plane of two measures, as SVG: how close a restored picture is, and how good it looks."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Literal

from markupsafe import Markup

from beholder.reports.svg import draw_svg, round_ticks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Measure", "Spot", "Trace", "draw_plane"]

Kind = Literal["trial", "front", "chosen", "named", "step"]

_WIDTH, _HEIGHT = 720, 460
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 24, 16, 56
_LINE = 15  # height of a label
_DOT = 9  # half of what a dot takes
_LETTER = 6.6  # width of one in a label, about
_RADIUS = {"trial": 3.5, "front": 5.5, "chosen": 7.5, "named": 5.5, "step": 4.5}


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
        kind: What it is.
        title: Told where the pointer rests.
        label: Written beside it, if anything.
    """

    scores: tuple[float, float]
    kind: Kind
    title: str
    label: str = ""


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
    places = [spot.scores for spot in spots]
    x = _scale([place[0] for place in places], (_LEFT, _WIDTH - _RIGHT), forwards=across.higher)
    y = _scale([place[1] for place in places], (_HEIGHT - _BOTTOM, _TOP), forwards=up.higher)
    drawn = _grid(x, y, across, up)
    drawn += [
        Markup('<polyline class="line {}" points="{}"><title>{}</title></polyline>').format(
            trace.kind, " ".join(f"{x.place(a):.1f},{y.place(b):.1f}" for a, b in trace.places), trace.title
        )
        for trace in traces
    ]
    drawn += [
        Markup('<circle class="spot {}" cx="{:.1f}" cy="{:.1f}" r="{}"><title>{}</title></circle>').format(
            spot.kind, x.place(spot.scores[0]), y.place(spot.scores[1]), _RADIUS[spot.kind], spot.title
        )
        for spot in spots
    ]
    drawn += _labels([(spot.label, x.place(spot.scores[0]), y.place(spot.scores[1])) for spot in spots])
    return draw_svg(_WIDTH, _HEIGHT, drawn, told)


@dataclasses.dataclass(frozen=True)
class _Scale:
    ticks: Sequence[float]
    place: Callable[[float], float]


def _scale(values: Sequence[float], ends: tuple[float, float], *, forwards: bool) -> _Scale:
    ticks = round_ticks(min(values), max(values))
    low, high = ticks[0], ticks[-1]
    first, last = ends if forwards else ends[::-1]
    return _Scale(ticks, lambda value: first + (last - first) * (value - low) / ((high - low) or 1.0))


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


def _labels(wanted: Sequence[tuple[str, float, float]]) -> list[Markup]:
    """Labels beside their dots, each moved up or down until it lies over no dot and no label; else it is left out."""
    taken = [(x - _DOT, x + _DOT, y + 4) for _, x, y in wanted]
    drawn = []
    for label, x, y in wanted:
        if not label:
            continue
        width = _LETTER * len(label)
        left = x + 11 if x + 11 + width < _WIDTH else x - 11 - width
        for move in (0, -1, 1, -2, 2, -3, 3):
            line = y + 4 + move * _LINE
            if _TOP < line < _HEIGHT - _BOTTOM and not any(
                abs(line - other) < _LINE and left < end and begin < left + width
                for begin, end, other in taken
            ):
                taken.append((left, left + width, line))
                drawn.append(
                    Markup('<text class="label" x="{:.1f}" y="{:.1f}">{}</text>').format(left, line, label)
                )
                break
    return drawn
