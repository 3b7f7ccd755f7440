"""Charts of what observers said, as SVG that a page carries."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup

from beholder.judgements import psychometric
from beholder.reports.svg import draw_svg, round_ticks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from beholder.study.results import Curve

__all__ = ["Estimate", "draw_curve", "draw_estimates", "draw_histogram", "draw_shares"]

_MOST_LETTERS = 40
_ROW = 40
_MARGIN = 20
_PLOT = 310  # with its margins, as wide as a phone
_SIDE, _LEFT, _RIGHT, _TOP, _BOTTOM = 260, 38, 10, 24, 34
_WIDE, _TALL = 640, 240
_MOST_POINTS = 2000
_STEPS = 120


@dataclasses.dataclass(frozen=True)
class Estimate:
    """A row of `draw_estimates`.

    Attributes:
        name: What it is.
        value: The estimate.
        low: Lower end of its interval; NaN where there is none.
        high: Upper end.
    """

    name: str
    value: float
    low: float
    high: float


def draw_estimates(rows: Sequence[Estimate], *, unit: str) -> Markup:
    """Estimates with their intervals, one below the other, each under its name, on one axis.

    Args:
        rows: From top to bottom.
        unit: What the axis shows.
    """
    ends = [end for row in rows for end in (row.value, row.low, row.high) if math.isfinite(end)] or [0.0, 1.0]
    ticks = round_ticks(min(ends), max(ends))
    bottom = 12 + _ROW * len(rows)

    def x(value: float) -> float:
        inside = min(max(value, ticks[0]), ticks[-1])  # an end may be infinite
        return _MARGIN + _PLOT * (inside - ticks[0]) / (ticks[-1] - ticks[0])

    drawn = [_upright(x(tick), 6, bottom, f"{tick:.4g}") for tick in ticks]
    for place, row in enumerate(rows):
        y = 6 + _ROW * (place + 0.75)
        told, whisker = f"{row.name}: {row.value:.3f}", Markup("")
        if not math.isnan(row.low):
            told += f" ({row.low:.3f} to {row.high:.3f})"
            whisker = Markup(
                '<line class="whisker" x1="{:.1f}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}"/>'
            ).format(x(row.low), x(row.high), y, y)
        drawn.append(
            Markup(
                '<g><title>{}</title><text class="part" x="0" y="{:.1f}">{}</text>{}'
                '<circle class="value" cx="{:.1f}" cy="{:.1f}" r="4.5"/></g>'
            ).format(told, y - 14, _short(row.name), whisker, x(row.value), y)
        )
    return draw_svg(_PLOT + 2 * _MARGIN, bottom + 24, drawn, unit)


def draw_shares(
    shares: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    names: Sequence[str],
    *,
    unit: str,
) -> Markup:
    """Shares of all stimuli from the lowest to the highest, with their intervals.

    Args:
        shares: In [0, 1], shape (n,); of very many every so manyth is drawn.
        low: Lower ends of their intervals, shape (n,).
        high: Upper ends, shape (n,).
        names: What each is called, n of them.
        unit: What the axis shows.
    """
    order = np.argsort(shares, kind="stable")[:: max(1, math.ceil(len(shares) / _MOST_POINTS))]
    drawn = [_across(_LEFT, _WIDE - _RIGHT, _y(tick, _TALL), f"{tick:g}") for tick in (0, 0.25, 0.5, 0.75, 1)]
    columns = _LEFT + (_WIDE - _LEFT - _RIGHT) * (np.arange(len(order)) + 0.5) / len(order)
    for column, place in zip(columns, order, strict=True):
        drawn.append(_whisker(column, low[place], high[place], _TALL))
    for column, place in zip(columns, order, strict=True):
        told = f"{names[place]}: {shares[place]:.3f} ({low[place]:.3f} to {high[place]:.3f})"
        drawn.append(
            Markup("<g><title>{}</title>{}</g>").format(told, _dot(column, _y(shares[place], _TALL), 2.5))
        )
    return draw_svg(_WIDE, _TALL, drawn, unit)


def draw_curve(curve: Curve, *, title: str, reach: tuple[float, float]) -> Markup:
    """Shares of "different" by strength, the curve through them, and its threshold.

    Args:
        curve: What to draw.
        title: Above it.
        reach: The weakest and the strongest strength of all curves that are drawn beside it.
    """
    ticks = round_ticks(*reach)
    first, last = ticks[0], ticks[-1]

    def x(value: float) -> float:
        inside = min(max(value, first), last)
        return _LEFT + 8 + (_SIDE - _LEFT - _RIGHT - 16) * (inside - first) / (last - first)

    drawn = [_across(_LEFT, _SIDE - _RIGHT, _y(tick, _SIDE), f"{tick:g}") for tick in (0, 0.5, 1)]
    drawn += [
        Markup('<text x="{:.1f}" y="{}" text-anchor="middle">{:.4g}</text>').format(x(tick), _SIDE - 16, tick)
        for tick in ticks[:: max(1, math.ceil(len(ticks) / 5))]
    ]
    drawn += _draw_fit(curve, x)
    for row in curve.points.to_dicts():
        drawn.append(_whisker(x(row["strength"]), row["low"], row["high"], _SIDE))
        radius = min(2 + math.sqrt(row["votes"]) / 4, 7)
        drawn.append(_dot(x(row["strength"]), _y(row["share"], _SIDE), radius))
    flag = f" ({curve.fit.flag})" if curve.fit is not None and curve.fit.flag else ""
    drawn.append(Markup('<text class="part" x="{}" y="14">{}{}</text>').format(_LEFT, _short(title), flag))
    drawn.append(
        Markup('<text x="{}" y="{}" text-anchor="middle">strength</text>').format(_SIDE / 2 + 14, _SIDE - 2)
    )
    return draw_svg(_SIDE, _SIDE, drawn, f"{title}{flag}")


def _draw_fit(curve: Curve, x: Callable[[float], float]) -> list[Markup]:
    """The interval of the threshold, and the curve between the strengths that were shown."""
    fit = curve.fit
    if fit is None or not math.isfinite(fit.threshold.estimate):
        return []
    strengths = curve.points["strength"].to_numpy()
    first, last = float(strengths.min()), float(strengths.max())
    low, high = (x(min(max(end, first), last)) for end in (fit.threshold.low, fit.threshold.high))
    drawn = [
        Markup('<rect class="interval" x="{:.1f}" y="{}" width="{:.1f}" height="{}"/>').format(
            low, _TOP, max(1.0, high - low), _SIDE - _TOP - _BOTTOM
        )
    ]
    if math.isfinite(fit.slope.estimate):
        places = np.linspace(first, last, _STEPS)
        heights = psychometric(
            places,
            fit.threshold.estimate,
            fit.slope.estimate,
            guess=fit.guess,
            lapse=fit.lapse,
            shape=fit.shape,
        )
        points = " ".join(
            f"{x(place):.1f},{_y(height, _SIDE):.1f}" for place, height in zip(places, heights, strict=True)
        )
        drawn.append(Markup('<polyline class="curve" points="{}"/>').format(points))
    return drawn


def draw_histogram(values: NDArray[np.float64], *, unit: str) -> Markup:
    """How often each value came; the longest hundredth is drawn as the last.

    Args:
        values: Seconds, at least 0, shape (n,).
        unit: What the axis shows.
    """
    most = max(float(np.quantile(values, 0.99)), 1e-9)
    counts, edges = np.histogram(
        np.minimum(values, most), bins=min(40, max(5, len(values) // 5)), range=(0, most)
    )
    floor, top = _TALL - _BOTTOM, max(int(counts.max()), 1)
    width = _PLOT / len(counts)
    drawn = []
    for place, count in enumerate(counts):
        height = (floor - _TOP) * count / top
        drawn.append(
            Markup(
                '<g><title>{:.2f} to {:.2f}: {}</title><rect class="count" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/></g>'
            ).format(
                edges[place],
                edges[place + 1],
                count,
                _MARGIN + place * width,
                floor - height,
                width - 1,
                height,
            )
        )
    for share in (0, 0.5, 1):
        x = _MARGIN + share * _PLOT
        drawn.append(
            Markup('<text x="{:.1f}" y="{}" text-anchor="middle">{:.2g} s</text>').format(
                x, floor + 16, share * most
            )
        )
    return draw_svg(_PLOT + 2 * _MARGIN, _TALL, drawn, unit)


def _short(name: str) -> str:
    return name if len(name) <= _MOST_LETTERS else f"…{name[1 - _MOST_LETTERS :]}"


def _y(share: float, height: float) -> float:
    return float(height - _BOTTOM - (height - _BOTTOM - _TOP) * share)


def _across(left: float, right: float, y: float, label: str) -> Markup:
    return Markup(
        '<line class="rule" x1="{}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}"/><text x="{}" y="{:.1f}" text-anchor="end">{}</text>'
    ).format(left, right, y, y, left - 6, y + 4, label)


def _upright(x: float, top: float, bottom: float, label: str) -> Markup:
    return Markup(
        '<line class="rule" x1="{:.1f}" x2="{:.1f}" y1="{}" y2="{}"/><text x="{:.1f}" y="{}" text-anchor="middle">{}</text>'
    ).format(x, x, top, bottom, x, bottom + 16, label)


def _whisker(x: float, low: float, high: float, height: float) -> Markup:
    return Markup('<line class="whisker" x1="{:.1f}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}"/>').format(
        x, x, _y(low, height), _y(high, height)
    )


def _dot(x: float, y: float, radius: float) -> Markup:
    return Markup('<circle class="value" cx="{:.1f}" cy="{:.1f}" r="{:.1f}"/>').format(x, y, radius)
