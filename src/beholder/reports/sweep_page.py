"""The page of `beholder sweep`: the front on the plane of two measures, every trial, and which to take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from beholder.reports.page import readable_date, write_page
from beholder.reports.plane_chart import Measure, Spot, Trace, draw_plane
from beholder.reports.svg import draw_alone
from beholder.training.sweeping.front import find_front
from beholder.training.writing import replacing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from markupsafe import Markup

    from beholder.training.sweeping.front import Axis, Point

__all__ = ["as_measure", "draw_sweep", "scores_in_words", "sweep_spots", "write_front", "write_sweep_page"]

_KEY = (
    ("chosen", "recommended"),
    ("front", "on the front: nothing beats it in both"),
    ("trial", "other trials"),
    ("named", "given: by hand, or by a way of balancing"),
)


def as_measure(axis: Axis) -> Measure:
    """A sweep's measure as an axis of the plane."""
    return Measure(axis.metric, axis.higher, axis.unit)


def scores_in_words(scores: Sequence[float], axes: Sequence[Axis]) -> str:
    """Scores by both measures, in words."""
    return ", ".join(f"{axis.metric} {score:.5g}" for axis, score in zip(axes, scores, strict=True))


def sweep_spots(
    points: Sequence[Point], chosen: Point | None, axes: Sequence[Axis]
) -> tuple[list[Spot], Trace]:
    """What a sweep draws: its dots, the recommended one last, and the line of its front."""
    front = find_front(points, axes)

    def kind(point: Point) -> Any:
        if point == chosen:
            return "chosen"
        return "named" if point.is_named else "front" if point in front else "trial"

    spots = [
        Spot(point.scores, kind(point), _told(point, axes), point.name if point.is_named else "")
        for point in sorted(points, key=lambda point: (point == chosen, point.is_named, point in front))
    ]
    line = [point.scores for point in front]
    return spots, Trace(line, "front", "the front: nothing that was tried beats these in both measures")


def draw_sweep(points: Sequence[Point], chosen: Point | None, axes: tuple[Axis, Axis]) -> Markup:
    """The plane with a sweep's points, one at least."""
    spots, front = sweep_spots(points, chosen, axes)
    across, up = map(as_measure, axes)
    told = (
        f"{len(points)} trained networks by {across.name} and {up.name}; {len(front.places)} lie on the front"
    )
    return draw_plane(spots, [front], across, up, told=told)


def write_front(path: Path, points: Sequence[Point], chosen: Point | None, axes: tuple[Axis, Axis]) -> None:
    """Write the plane alone, as an SVG file; in dark or light as who looks at it has it."""
    drawn = draw_alone(draw_sweep(points, chosen, axes), ("plane_alone.css", "plane.css"))
    with replacing(path) as partial:
        partial.write_text(drawn, encoding="utf-8")


def write_sweep_page(
    path: Path,
    *,
    title: str,
    points: Sequence[Point],
    chosen: Point | None,
    advice: Sequence[str],
    axes: tuple[Axis, Axis],
    rows: Sequence[Mapping[str, Any]],
    trials: int,
    over: Mapping[str, str],
    created: str,
) -> None:
    """Write a sweep as one HTML page that opens offline.

    Args:
        path: The page to write, replaced whole or not at all.
        title: What the recipe is for.
        points: The trials that ended with scores.
        chosen: The recommended one.
        advice: Why, in sentences.
        axes: Both measures.
        rows: All trials, as `Ledger.rows` tells them.
        trials: How many were asked for.
        over: What was varied over what.
        created: When, in ISO 8601.
    """
    states = [row["state"] for row in rows]
    metrics = [axis.metric for axis in axes]
    front = {point.number for point in find_front(points, axes)}
    facts = [(state.capitalize(), f"{states.count(state)}") for state in dict.fromkeys(states)]
    write_page(
        path,
        "plane.html.j2",
        styles=("page.css", "agreement.css", "plane.css"),
        script="agreement.js",
        context={
            "title": "Sweep of weights",
            "asked": f"{title}. Varied: {', '.join(f'{key} over {text}' for key, text in over.items())}.",
            "facts": [*facts, ("Asked for", f"{trials}")],
            "advice_title": "Which to take",
            "advice": advice,
            "drawn": draw_sweep(points, chosen, axes) if points else None,
            "words": "Rest the pointer on a dot for its settings.",
            "key": _KEY,
            "table_title": "Trials",
            "heads": ["trial", *metrics, "on the front", "how it ended", "name", "settings"],
            "wordy": ["how it ended", "name", "settings"],
            "rows": [_row(row, metrics, front) for row in rows],
            "created": readable_date(created),
        },
    )


def _row(row: Mapping[str, Any], metrics: Sequence[str], front: set[int | None]) -> list[str]:
    scores = ["" if row[metric] is None else f"{row[metric]:.5g}" for metric in metrics]
    ended = f"{row['state']}: {row['reason']}" if row["reason"] else row["state"]
    return [
        str(row["trial"]),
        *scores,
        "yes" if row["trial"] in front else "",
        ended,
        row["name"] or "",
        row["settings"],
    ]


def _told(point: Point, axes: Sequence[Axis]) -> str:
    name = point.name if point.is_named else f"trial {point.name}"
    return f"{name}: {scores_in_words(point.scores, axes)}\n" + "\n".join(point.settings)
