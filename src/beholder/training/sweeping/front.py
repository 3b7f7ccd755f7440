"""Points on the plane of two measures: which are beaten, which are not, and which of these to take."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Axis", "Point", "beats", "find_front", "find_knee", "recommend", "short_setting"]


@dataclasses.dataclass(frozen=True)
class Axis:
    """One measure of the plane.

    Attributes:
        metric: Its request.
        higher: Whether more is better.
        unit: What it is measured in, empty for a pure number.
    """

    metric: str
    higher: bool
    unit: str = ""

    def gain(self, score: float, against: float) -> float:
        """By how much a score is better than another, in the metric's own unit."""
        return score - against if self.higher else against - score


@dataclasses.dataclass(frozen=True)
class Point:
    """A trained network on the plane.

    Attributes:
        name: What it is called: the trial's number, or the name that it was given.
        scores: Both measures.
        settings: In what its recipe differs: KEY=VALUE.
        is_named: Whether it was given, not searched for.
        number: The trial's.
    """

    name: str
    scores: tuple[float, float]
    settings: tuple[str, ...] = ()
    is_named: bool = False
    number: int | None = None


def beats(scores: Sequence[float], others: Sequence[float], axes: Sequence[Axis]) -> bool:
    """Whether scores are better in one measure and no worse in any."""
    gains = [axis.gain(score, other) for axis, score, other in zip(axes, scores, others, strict=True)]
    return all(gain >= 0 for gain in gains) and any(gain > 0 for gain in gains)


def find_front(points: Sequence[Point], axes: Sequence[Axis]) -> list[Point]:
    """The points that none beats, the best by the first measure first.

    The front between distortion and perception: what lies beyond it was reached by none (Blau & Michaeli, "The
    Perception-Distortion Tradeoff", CVPR 2018, arXiv:1711.06077).
    """
    kept = [point for point in points if not any(beats(other.scores, point.scores, axes) for other in points)]
    return sorted(kept, key=lambda point: -axes[0].gain(point.scores[0], 0.0))


def find_knee(front: Sequence[Point], axes: Sequence[Axis]) -> Point | None:
    """The point of a front that lies furthest out from the line between its ends, both measures scaled to their range.

    Before it, a little of the first measure buys much of the second; behind it, much buys little (as in Satopää et al.,
    "Finding a Kneedle in a Haystack", ICDCSW 2011, doi:10.1109/ICDCSW.2011.20).

    Args:
        front: What `find_front` gives.
        axes: The measures.

    Returns:
        The point; ``None`` where no point lies out from the line.
    """
    if len(front) < 3:
        return None
    gains = np.array(
        [[axis.gain(score, 0.0) for axis, score in zip(axes, point.scores, strict=True)] for point in front]
    )
    low, high = gains.min(0), gains.max(0)
    if (low == high).any():  # the same scores, more than once
        return None
    # the ends are (1, 0) and (0, 1): what lies out has a sum above 1
    out = ((gains - low) / (high - low)).sum(1) - 1
    best = int(out.argmax())
    return front[best] if out[best] > 1e-9 else None


def recommend(points: Sequence[Point], axes: Sequence[Axis]) -> tuple[Point | None, list[str]]:
    """Which point to take, and why, in plain words.

    Args:
        points: All that were measured.
        axes: Both measures.

    Returns:
        The knee of the front or, where it has none, the point that is best by the first measure; ``None`` where there
        are no points. And sentences.
    """
    front = find_front(points, axes)
    if not front:
        return None, ["No trial has ended with scores."]
    knee = find_knee(front, axes)
    chosen = front[0] if knee is None else knee
    words = _without_knee(front, axes) if knee is None else _with_knee(front, knee, axes)
    named = [point for point in points if point.is_named and point != chosen]
    return chosen, [*words, *(_compare(point, chosen, points, axes) for point in named)]


def _without_knee(front: Sequence[Point], axes: Sequence[Axis]) -> list[str]:
    first, second = axes
    reached = len({point.scores for point in front})
    if reached == 1:
        return [f"No other point is better in either measure: {_name(front[0])}."]
    told = (
        f"The front has {reached} points and no knee: what is gained in {second.metric} is paid for evenly in "
        f"{first.metric}. Best by {first.metric}: {_name(front[0])}; by {second.metric}: {_name(front[-1])}."
    )
    return [told]


def _with_knee(front: Sequence[Point], knee: Point, axes: Sequence[Axis]) -> list[str]:
    (first, second), best, end = axes, front[0], front[-1]
    lost = first.gain(best.scores[0], knee.scores[0])
    gained = second.gain(knee.scores[1], best.scores[1])
    bought = f"{gained / abs(best.scores[1]):.0%}" if best.scores[1] else _amount(gained, second)
    further = first.gain(knee.scores[0], end.scores[0])
    told = (
        f"The knee: {_amount(lost, first)} of {first.metric} for {bought} of {second.metric}. It is {_name(knee)}; "
        f"{_name(best)} is the best by {first.metric}."
    )
    beyond = (
        f"To go on to {_name(end)}, the best by {second.metric}, would cost another {_amount(further, first)} of "
        f"{first.metric} for {second.metric} {end.scores[1]:.4g} in place of {knee.scores[1]:.4g}."
    )
    return [told, beyond]


def _compare(named: Point, chosen: Point, points: Sequence[Point], axes: Sequence[Axis]) -> str:
    """What to take in place of a point that was given."""
    better = [point for point in points if beats(point.scores, named.scores, axes)]
    if chosen in better:
        return f"It is {_difference(chosen, named, axes)} than {_name(named)}."
    told = f"Against {_name(named)} it is {_difference(chosen, named, axes)}."
    if not better:
        return f"{told} No point beats {_name(named)} in both: it lies on the front."
    instead = max(better, key=lambda point: _sum_of_gains(point, named, points, axes))
    return f"{told} Better in both is {_name(instead)}: {_difference(instead, named, axes)}."


def _difference(point: Point, other: Point, axes: Sequence[Axis]) -> str:
    gains = [
        axis.gain(score, than) for axis, score, than in zip(axes, point.scores, other.scores, strict=True)
    ]
    return " and ".join(
        f"{_amount(abs(gain), axis)} {'better' if gain >= 0 else 'worse'} in {axis.metric}"
        for gain, axis in zip(gains, axes, strict=True)
    )


def _sum_of_gains(point: Point, other: Point, points: Sequence[Point], axes: Sequence[Axis]) -> float:
    """The gains in both measures, in parts of the range of all points."""
    ranges = np.ptp(np.array([each.scores for each in points]), axis=0)
    gains = (
        axis.gain(score, than) for axis, score, than in zip(axes, point.scores, other.scores, strict=True)
    )
    return sum(gain / (spread or 1.0) for gain, spread in zip(gains, ranges, strict=True))


def _name(point: Point) -> str:
    if point.is_named:
        return f"“{point.name}”"
    return f"trial {point.name} ({', '.join(map(short_setting, point.settings))})"


def short_setting(setting: str) -> str:
    """A setting with its number cut to what one reads: ``loss.weights.features=1.4937`` is ``…features=1.49``."""
    key, _, value = setting.partition("=")
    try:
        return f"{key}={float(value):.3g}"
    except ValueError:
        return setting


def _amount(difference: float, axis: Axis) -> str:
    return f"{difference:.2f} {axis.unit}" if axis.unit else f"{difference:.4g}"
