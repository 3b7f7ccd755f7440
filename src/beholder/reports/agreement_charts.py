"""Charts of agreement with people, as SVG that a page carries."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup

from beholder.reports.svg import draw_svg, round_ticks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

__all__ = ["COLOURS", "Bar", "draw_bars", "draw_scatter"]

COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8c8c00", "#7a5195")
"""Told apart by the colour-blind, too (Okabe and Ito, the last two added)."""

_HEIGHT, _TOP, _BOTTOM, _LEFT = 320, 12, 46, 46
_BAR, _GAP = 22, 20
_LETTER = 7  # width of one in a part's name, about
_SIDE = 300
_MOST_DOTS = 4000


@dataclasses.dataclass(frozen=True)
class Bar:
    """One bar: a metric on a part.

    Attributes:
        title: What it is, told where the pointer rests.
        value: Its height.
        low: Lower end of its interval.
        high: Upper end.
    """

    title: str
    value: float
    low: float
    high: float


def draw_bars(parts: Sequence[tuple[str, float | None, Sequence[Bar]]], *, unit: str) -> Markup:
    """Bars with their intervals, a group for each part, and a line for what people themselves reach.

    Args:
        parts: Name of each part, people's ceiling or ``None``, and its bars, one for each metric in one order.
        unit: What the axis shows.
    """
    ends = [
        end
        for _, ceiling, bars in parts
        for bar in bars
        for end in (bar.value, bar.low, bar.high, ceiling or bar.value)
    ]
    ends = [end for end in ends if math.isfinite(end)] or [0.0, 1.0]
    ticks = round_ticks(min(ends), max(ends))
    spans = [max(len(bars) * _BAR, _LETTER * len(name)) for name, _, bars in parts]
    width = _LEFT + sum(spans) + _GAP * (len(parts) + 1)

    def y(value: float) -> float:
        share = (value - ticks[0]) / (ticks[-1] - ticks[0])
        return _HEIGHT - _BOTTOM - (_HEIGHT - _BOTTOM - _TOP) * share

    drawn = [_rule(_LEFT, width, y(tick), f"{tick:.4g}") for tick in ticks]
    x = _LEFT + _GAP / 2
    for (name, ceiling, bars), span in zip(parts, spans, strict=True):
        left = x + (span - len(bars) * _BAR) / 2
        for place, bar in enumerate(bars):
            if math.isfinite(bar.value):
                drawn.append(_bar(bar, left + place * _BAR, y, COLOURS[place % len(COLOURS)], y(ticks[0])))
        if ceiling is not None:
            drawn.append(
                Markup(
                    '<line class="ceiling" x1="{:.1f}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}"><title>people: {:.4f}</title></line>'
                ).format(left - 4, left + len(bars) * _BAR, y(ceiling), y(ceiling), ceiling)
            )
        drawn.append(
            Markup('<text class="part" x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(
                x + span / 2, _HEIGHT - _BOTTOM + 18, name
            )
        )
        x += span + _GAP
    return draw_svg(width, _HEIGHT, drawn, unit)


def draw_scatter(
    x: NDArray[np.float64], y: NDArray[np.float64], curve: NDArray[np.float64], *, across: str, up: str
) -> Markup:
    """Opinions over scores, with the curve that was fitted.

    Args:
        x: Scores, shape (n,); of very many every so manyth is drawn.
        y: Opinions, shape (n,).
        curve: The curve's opinions at the scores, shape (n,).
        across: What the scores are.
        up: What the opinions are.
    """
    order = np.argsort(x)[:: max(1, len(x) // _MOST_DOTS)]
    left, right = float(x.min()), float(x.max())
    low, high = min(float(y.min()), float(curve.min())), max(float(y.max()), float(curve.max()))

    def place(values: NDArray[np.float64], first: float, last: float) -> NDArray[np.float64]:
        return (values - first) / ((last - first) or 1.0)

    columns = _LEFT + (_SIDE - _LEFT - 8) * place(x[order], left, right)
    rows = [_SIDE - 34 - (_SIDE - 42) * place(each[order], low, high) for each in (y, curve)]
    dots = [
        Markup('<circle class="dot" cx="{:.1f}" cy="{:.1f}" r="2"/>').format(*each)
        for each in zip(columns, rows[0], strict=True)
    ]
    points = " ".join(f"{column:.1f},{row:.1f}" for column, row in zip(columns, rows[1], strict=True))
    ends = [
        Markup('<text x="{}" y="{}" text-anchor="{}">{:.4g}</text>').format(*each)
        for each in (
            (_LEFT, _SIDE - 18, "start", left),
            (_SIDE - 8, _SIDE - 18, "end", right),
            (_LEFT - 6, _SIDE - 34, "end", low),
            (_LEFT - 6, 16, "end", high),
        )
    ]
    line = Markup('<polyline class="curve" points="{}"/>').format(points)
    name = Markup('<text class="part" x="{:.0f}" y="{}" text-anchor="middle">{}</text>').format(
        (_SIDE + _LEFT) / 2, _SIDE - 4, across
    )
    return draw_svg(_SIDE, _SIDE, [*dots, line, *ends, name], f"{up} over {across}")


def _rule(left: float, right: float, y: float, label: str) -> Markup:
    return Markup(
        '<line class="rule" x1="{}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}"/><text x="{}" y="{:.1f}" text-anchor="end">{}</text>'
    ).format(left, right, y, y, left - 6, y + 4, label)


def _bar(bar: Bar, x: float, y: Callable[[float], float], colour: str, floor: float) -> Markup:
    top, low, high = (
        y(value) if math.isfinite(value) else y(bar.value) for value in (bar.value, bar.low, bar.high)
    )
    middle = x + (_BAR - 4) / 2
    return Markup(
        '<g><title>{}</title><rect x="{:.1f}" y="{:.1f}" width="{}" height="{:.1f}" fill="{}"/>'
        '<line class="whisker" x1="{:.1f}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}"/></g>'
    ).format(bar.title, x, top, _BAR - 4, max(0.0, floor - top), colour, middle, middle, low, high)
