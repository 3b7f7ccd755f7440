"""A metric over time: the line that a page draws of a video's scores."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Timeline", "draw_timeline"]

_MOST_POINTS = 1000  # more than a page is wide


@dataclasses.dataclass(frozen=True)
class Timeline:
    """A line in a box of width 1000 and height 100, y downwards.

    Attributes:
        path: What an SVG path draws; it breaks where a frame has no finite score.
        low: The score at the bottom.
        high: The score at the top.
        start: The time at the left, in seconds.
        end: The time at the right, in seconds.
    """

    path: str
    low: float
    high: float
    start: float
    end: float


def draw_timeline(times: Sequence[float], scores: Sequence[float | None]) -> Timeline | None:
    """Draw scores over time; ``None`` where fewer than two frames have a finite one.

    Of very many frames the least and the greatest score of each stretch are drawn, so that no outlier is lost.
    """
    points = [
        (time, score if score is not None and math.isfinite(score) else None)
        for time, score in zip(times, scores, strict=True)
    ]
    finite = [score for _, score in points if score is not None]
    if len(finite) < 2 or times[0] == times[-1]:
        return None
    low, high = min(finite), max(finite)
    start, end = times[0], times[-1]
    height = (high - low) or 1.0
    commands, pen = [], "M"
    for time, score in _thinned(points):
        if score is None:
            pen = "M"
            continue
        x, y = 1000 * (time - start) / (end - start), 100 * (high - score) / height
        commands.append(f"{pen}{x:.1f} {y:.2f}")
        pen = "L"
    return Timeline("".join(commands), low, high, start, end)


def _thinned(points: list[tuple[float, float | None]]) -> list[tuple[float, float | None]]:
    stretch = math.ceil(2 * len(points) / _MOST_POINTS)
    if stretch <= 2:
        return points
    kept: list[tuple[float, float | None]] = []
    for begin in range(0, len(points), stretch):
        part = points[begin : begin + stretch]
        scored = [(score, place) for place, (_, score) in enumerate(part) if score is not None]
        extremes = {min(scored)[1], max(scored)[1]} if scored else {0}
        extremes |= {place for place, (_, score) in enumerate(part) if score is None}
        kept += [part[place] for place in sorted(extremes)]
    return kept
