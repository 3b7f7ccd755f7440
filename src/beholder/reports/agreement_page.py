"""The page of `beholder agree`: bars, scatter plots, tables, and where metrics and people disagree most."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from beholder.calibration.disagreements import worst_disagreements
from beholder.judgements import fit_logistic
from beholder.reports.agreement_cells import fold_intervals
from beholder.reports.agreement_charts import COLOURS, Bar, draw_bars, draw_scatter
from beholder.reports.embed import pixels_uri
from beholder.reports.page import readable_date, write_page
from beholder.spec import PictureError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import polars as pl
    from markupsafe import Markup

    from beholder.calibration import Agreement, MeasuredSet
    from beholder.calibration.disagreements import Disagreement
    from beholder.data.judged import JudgementSet

__all__ = ["write_agreement_page"]

_SHOWN = 6
_LARGEST = 512 * 512  # pixels of a picture that is shown
_FIGURE = {"triplets": "agreement", "pairs": "average_precision", "ratings": "srcc"}
_UNITS = {
    "triplets": "2AFC agreement with people",
    "pairs": "average precision of what people cannot tell apart (JND)",
    "ratings": "Spearman's rank correlation with opinions",
}


@dataclasses.dataclass(frozen=True)
class _Case:
    """A disagreement to look at: pictures by what they are, as data URIs, and words."""

    people: str
    metric: str
    pictures: list[tuple[str, str]]


def write_agreement_page(
    measured: MeasuredSet,
    found: Agreement,
    path: Path,
    *,
    created: str,
    command: str,
    judged: JudgementSet | None = None,
) -> None:
    """Write how metrics agree with people as one HTML page that opens offline.

    Args:
        measured: Judgements and distances.
        found: What `beholder.calibration.agree` tells of them.
        path: The page to write, replaced whole or not at all; its folder is created where missing.
        created: When, in ISO 8601.
        command: By which command.
        judged: The set that was measured, for the pictures of disagreements; without it there are none.
    """
    figure = _FIGURE[measured.kind]
    write_page(
        path,
        "agreement.html.j2",
        styles=("page.css", "agreement.css"),
        script="agreement.js",
        context={
            "title": "Agreement with people",
            "kind": measured.kind,
            "rows": len(measured),
            "references": len(set(measured.groups.tolist())) if measured.grouped else None,
            "errors": measured.errors,
            "exact": measured.kind == "ratings" and not measured.has_standard_errors,
            "metrics": list(zip(measured.distances, _colours(len(measured.distances)), strict=True)),
            "unit": _UNITS[measured.kind],
            "bars": _draw_bars(found.scores, figure, _UNITS[measured.kind]),
            "scatters": list(_draw_scatters(measured)),
            "tables": [_Table.of(name, frame) for name, frame in _tables(found) if len(frame)],
            "cases": {}
            if judged is None
            else {name: list(_cases(measured, name, judged)) for name in measured.distances},
            "provenance": {
                key: value for key, value in measured.provenance.items() if isinstance(value, str | int)
            },
            "created": readable_date(created),
            "command": command,
        },
    )


@dataclasses.dataclass(frozen=True)
class _Table:
    title: str
    heads: list[str]
    rows: list[list[str]]

    @classmethod
    def of(cls, title: str, frame: pl.DataFrame) -> _Table:
        return cls(title, *fold_intervals(frame))


def _tables(found: Agreement) -> Iterator[tuple[str, pl.DataFrame]]:
    yield "Scores", found.scores
    yield "Which metrics differ, on all rows", found.comparisons


def _colours(count: int) -> list[str]:
    return [COLOURS[place % len(COLOURS)] for place in range(count)]


def _draw_bars(scores: pl.DataFrame, figure: str, unit: str) -> Markup:
    parts: dict[str, tuple[float | None, list[Bar]]] = {}
    for row in scores.to_dicts():
        title = f"{row['metric']}: {row[figure]:.4f} ({row['low']:.4f} to {row['high']:.4f})"
        _, bars = parts.setdefault(row["part"], (row.get("ceiling"), []))
        bars.append(Bar(title, row[figure], row["low"], row["high"]))
    return draw_bars([(name, *rest) for name, rest in parts.items()], unit=unit)


def _draw_scatters(measured: MeasuredSet) -> Iterator[tuple[str, Markup]]:
    if measured.kind != "ratings":
        return
    for name, distances in measured.distances.items():
        scores = -distances[:, 0]
        curve = fit_logistic(scores, measured.answers)(scores)
        yield name, draw_scatter(scores, measured.answers, curve, across=name, up="opinion")


def _cases(measured: MeasuredSet, metric: str, judged: JudgementSet) -> Iterator[_Case]:
    for each in worst_disagreements(measured, metric, _SHOWN):
        files = judged.files(each.place)
        try:
            pictures = judged.pictures(each.place)
        except PictureError:  # gone since it was measured: it is told of by name
            yield _Case(f"{files[-1].name} cannot be read any more", "", [])
            continue
        shown = [
            (name, pixels_uri(_middle(picture)))
            for name, picture in zip(_names(measured), pictures, strict=True)
        ]
        if measured.kind == "triplets":
            shown = [shown[1], shown[0], shown[2]]  # the reference between its candidates
        yield _Case(_people(measured, each), _metric(measured, each), shown)


def _middle(picture: Any) -> Any:
    height, width = picture.shape[-2:]
    side = int(_LARGEST**0.5)
    top, left = max(0, height - side) // 2, max(0, width - side) // 2
    return picture[:, top : top + side, left : left + side]


def _names(measured: MeasuredSet) -> tuple[str, ...]:
    return {
        "triplets": ("reference", "candidate 0", "candidate 1"),
        "pairs": ("one", "other"),
        "ratings": ("reference", "rated"),
    }[measured.kind]


def _people(measured: MeasuredSet, case: Disagreement) -> str:
    if measured.kind == "triplets":
        chosen = int(case.answer > 0.5)
        return f"{max(case.answer, 1 - case.answer):.0%} of people chose candidate {chosen}"
    if measured.kind == "pairs":
        return f"{case.answer:.0%} of people said the same"
    return f"opinion {case.answer:.4g}, where {measured.better} is better"


def _metric(measured: MeasuredSet, case: Disagreement) -> str:
    words = " and ".join(f"{distance:.4g}" for distance in case.distances)
    return f"distances {words}" if measured.kind == "triplets" else f"distance {words}"
