"""The page of `beholder compare`: means, what differs, a plane of two metrics, and the pictures side by side."""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING, Any

from beholder.reports.agreement_charts import COLOURS
from beholder.reports.compare_extremes import find_extremes
from beholder.reports.compare_words import cell, head, legend, score_words, sentence, warning
from beholder.reports.page import json_for_script, readable_date, write_page
from beholder.reports.plane_chart import Measure, Spot, draw_plane

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from markupsafe import Markup

    from beholder.reports.compare_findings import Findings
    from beholder.reports.restored_page import Comparison, Restorations

__all__ = ["Row", "write_compare_page"]


@dataclasses.dataclass(frozen=True)
class Row:
    """A picture of the grid.

    Attributes:
        number: Its place among those that are shown, by which links find it.
        shown: Its versions.
        captions: By version, what stands below: name of each metric, score in words, and whether it is the best one.
    """

    number: int
    shown: Comparison
    captions: Mapping[str, Sequence[tuple[str, str, bool]]]


def write_compare_page(
    findings: Findings,
    restorations: Restorations,
    path: Path,
    *,
    told: Mapping[str, str],
    created: str,
    command: str,
) -> None:
    """Write a comparison as one HTML page that opens offline.

    The versions of a picture lie side by side, and zoom and move together: by wheel, by two fingers, by dragging and by
    keys. Pictures are sorted by what is chosen.

    Args:
        findings: What was found.
        restorations: The pictures that are shown, each by its name, in versions of which those named as candidates have
            their scores below them.
        path: The page to write, replaced whole or not at all; its folder is created where missing.
        told: What was compared: words and values.
        created: When, in ISO 8601.
        command: By which command.
    """
    rows = _rows(findings, restorations)
    measured = findings.measured
    write_page(
        path,
        "compare.html.j2",
        styles=("page.css", "plane.css", "compare.css"),
        script="compare.js",
        context={
            "title": "Comparison",
            "findings": findings,
            "legend": legend(findings),
            "warning": warning(findings),
            "heads": [head(name, each.spec) for name, each in measured.items()],
            "table": _table(findings),
            "sentences": {
                name: [
                    (sentence(versus, each.spec), versus.verdict)
                    for versus in findings.comparisons
                    if versus.metric == name
                ]
                for name, each in measured.items()
            },
            "planes": _planes(findings),
            "rows": rows,
            "numbers": {row.shown.name: row.number for row in rows},
            "note": _note(findings, restorations),
            "failed": restorations.failed,
            "extremes": find_extremes(findings),
            "words": lambda metric, score: score_words(score, measured[metric].spec),
            "data": json_for_script(_data(findings, rows)),
            "told": told,
            "created": readable_date(created),
            "command": command,
        },
    )


def _table(findings: Findings) -> list[tuple[str, str, list[Any]]]:
    """Name and colour of each candidate, and its cells; ``None`` where a metric has no pictures."""
    return [
        (
            name,
            COLOURS[place % len(COLOURS)],
            [
                cell(findings.standings[metric][place], each.spec) if metric in findings.standings else None
                for metric, each in findings.measured.items()
            ],
        )
        for place, name in enumerate(findings.candidates)
    ]


def _planes(findings: Findings) -> list[tuple[str, Markup, bool]]:
    """Every two metrics: their names, the chart, and whether it is the one that is shown first."""
    metrics = list(findings.standings)
    pairs = list(itertools.combinations(metrics, 2))
    # A learned metric over one of pixels is what tells most: that is where they disagree.
    learned = {name for name in metrics if findings.measured[name].spec.weights}
    first = next(
        (pair for pair in pairs if pair[0] not in learned and pair[1] in learned), pairs[:1] and pairs[0]
    )
    return [
        (f"{up} over {across}", _draw_candidates(findings, across, up), (across, up) == first)
        for across, up in pairs
    ]


def _draw_candidates(findings: Findings, across: str, up: str) -> Markup:
    """Every candidate's means by two metrics, with their intervals."""
    names = (across, up)
    specs = [findings.measured[name].spec for name in names]
    measures = [
        Measure(name, spec.direction == "higher", "" if spec.unit == "1" else spec.unit)
        for name, spec in zip(names, specs, strict=True)
    ]
    spots = []
    for place, candidate in enumerate(findings.candidates):
        first, second = (findings.standings[name][place].mean for name in names)
        told = ", ".join(
            f"{name} {score_words(mean.estimate, spec)}"
            for name, mean, spec in zip(names, (first, second), specs, strict=True)
        )
        spots.append(
            Spot(
                (first.estimate, second.estimate),
                "candidate",
                f"{candidate}: {told}",
                candidate,
                COLOURS[place % len(COLOURS)],
                (first, second),
            )
        )
    return draw_plane(
        spots, [], *measures, told=f"Means of {up} over means of {across}, one dot per candidate"
    )


def _rows(findings: Findings, restorations: Restorations) -> list[Row]:
    rows = []
    for number, shown in enumerate(restorations.shown):
        captions: dict[str, list[tuple[str, str, bool]]] = {name: [] for name in findings.candidates}
        for metric, each in findings.measured.items():
            if shown.name not in each.pictures:
                continue
            scores = each.scores[each.pictures.index(shown.name)]
            best = (each.sign * scores).max()
            for name, score in zip(findings.candidates, scores.tolist(), strict=True):
                captions[name].append((metric, score_words(score, each.spec), each.sign * score == best))
        rows.append(Row(number, shown, captions))
    return rows


def _note(findings: Findings, restorations: Restorations) -> str:
    """What the grid does not show, in words; empty where it shows all."""
    if not restorations.left_out:
        return ""
    return (
        f"{len(restorations.shown):,} of {findings.pictures:,} pictures are shown: those on which candidates differ most, "
        f"and each one's worst and best. The page's budget for pictures is {restorations.budget / 1e6:.4g} MB."
    )


def _data(findings: Findings, rows: Sequence[Row]) -> dict[str, Any]:
    """What the script sorts by: names, and scores by metric, row and candidate; ``None`` where there is none."""
    scores = {}
    for metric, each in findings.measured.items():
        places = {name: place for place, name in enumerate(each.pictures)}
        scores[metric] = [
            each.scores[places[row.shown.name]].tolist() if row.shown.name in places else None for row in rows
        ]
    return {
        "candidates": list(findings.candidates),
        "metrics": [{"name": name, "sign": each.sign} for name, each in findings.measured.items()],
        "scores": scores,
    }
