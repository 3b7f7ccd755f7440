"""The page of `beholder blend`: the networks between two on the plane of two measures, beside a sweep's if wished."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beholder.reports.page import readable_date, write_page
from beholder.reports.plane_chart import Spot, Trace, draw_plane
from beholder.reports.sweep_page import as_measure, scores_in_words, sweep_spots

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from beholder.training.sweeping.front import Axis, Point

__all__ = ["write_blend_page"]


def write_blend_page(
    path: Path,
    *,
    names: tuple[str, str],
    steps: Sequence[tuple[str, tuple[float, float]]],
    axes: tuple[Axis, Axis],
    measured: str,
    beside: Sequence[Point] = (),
    created: str,
) -> None:
    """Write the way from one network to another as one HTML page that opens offline.

    Args:
        path: The page to write, replaced whole or not at all.
        names: Both networks.
        steps: Shares of the second, and their scores.
        axes: Both measures.
        measured: On what, in words.
        beside: The points of a sweep that was measured on the same.
        created: When, in ISO 8601.
    """
    first, second = names
    spots, front = sweep_spots(beside, None, axes)
    ends = {0: first, len(steps) - 1: second}
    spots += [
        Spot(
            scores,
            "step",
            f"{alpha} of {second}: {scores_in_words(scores, axes)}",
            f"{alpha}, {ends[place]}" if place in ends else alpha,
        )
        for place, (alpha, scores) in enumerate(steps)
    ]
    way = Trace([scores for _, scores in steps], "step", f"from {first} to {second}")
    told = f"{len(steps)} networks between {first} and {second}"
    key = [("step", f"share of {second} in {first}")]
    if beside:
        key += [
            ("front", "trials on the sweep's front"),
            ("trial", "other trials"),
            ("named", "points given"),
        ]
    write_page(
        path,
        "plane.html.j2",
        styles=("page.css", "agreement.css", "plane.css"),
        script="agreement.js",
        context={
            "title": "Networks between two",
            "asked": f"From {first} to {second}, weight by weight; {measured}.",
            "facts": [("Networks", f"{len(steps)}")],
            "advice": [],
            "advice_title": "",
            "drawn": draw_plane(
                spots, [*([front] if beside else []), way], *map(as_measure, axes), told=told
            ),
            "words": "Labels are shares of the second network.",
            "key": key,
            "table_title": "Scores",
            "heads": [f"share of {second}", *(axis.metric for axis in axes)],
            "wordy": [],
            "rows": [[alpha, *(f"{score:.5g}" for score in scores)] for alpha, scores in steps],
            "created": readable_date(created),
        },
    )
