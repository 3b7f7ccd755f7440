"""Judgements through metrics, for the commands that compare them or learn from them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from beholder.cli.console import print_wide, progress_bar, say
from beholder.spec import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from beholder.calibration import Agreement, MeasuredSet
    from beholder.data.judged import JudgementSet

__all__ = ["as_object", "choose", "read_or_measure", "show_frames", "tell_of"]

_SHOWN = 5  # rows that could not be measured, by name


def read_or_measure(
    judgements: Path | None,
    table: Path | None,
    metrics: str | None,
    *,
    kind: str | None,
    engine: str,
    precision: str,
    quiet: bool,
) -> tuple[JudgementSet | None, MeasuredSet]:
    """A set of judgements that is measured now, or a table of what was: one of them.

    Args:
        judgements: The set.
        table: What `beholder agree --distances` wrote.
        metrics: Requests, with commas between them; ``None`` for all of a table's, or ``lpips_alex``.
        kind: Of a folder that holds several.
        engine: As of `Settings`.
        precision: As of `Settings`.
        quiet: Show no progress.

    Raises:
        UsageError: If both or none is given, or options that go with the other.
    """
    from beholder.calibration import read_measured

    if table is not None and judgements is None:
        if kind or (engine, precision) != ("auto", "auto"):
            raise UsageError(
                "--kind, --engine and --precision are for pictures; --table has distances already."
            )
        return None, choose(read_measured(table), metrics)
    if judgements is not None and table is None:
        return _measure(judgements, metrics or "lpips_alex", kind, engine, precision, quiet=quiet)
    raise UsageError("expected a set of judgements, or --table FILE; one of them.")


def choose(measured: MeasuredSet, metrics: str | None) -> MeasuredSet:
    """Some metrics of a table, or all."""
    import dataclasses

    from beholder.catalog.requests import split_requests

    if metrics is None:
        return measured
    wanted = split_requests(metrics)
    if missing := [name for name in wanted if name not in measured.distances]:
        raise UsageError(
            f"the table has no distances of {', '.join(missing)}; it has {', '.join(measured.distances)}."
        )
    return dataclasses.replace(measured, distances={name: measured.distances[name] for name in wanted})


def _measure(
    path: Path, metrics: str, kind: str | None, engine: str, precision: str, *, quiet: bool
) -> tuple[JudgementSet, MeasuredSet]:
    from beholder.calibration import measure
    from beholder.catalog.requests import split_requests
    from beholder.data.judged import open_judgements
    from beholder.scoring import Settings

    settings = Settings(engine=engine, precision=precision)  # type: ignore[arg-type]
    with progress_bar("labels", quiet=quiet) as bar:
        task = bar.add_task("opening", total=None, failed="")
        judged = open_judgements(
            path,
            kind=kind,  # type: ignore[arg-type]
            tell=lambda done, total: bar.update(task, completed=done, total=total),
        )
    with progress_bar("rows", quiet=quiet) as bar:
        task = bar.add_task("measuring", total=len(judged), failed="")
        measured = measure(
            judged,
            split_requests(metrics),
            settings,
            tell=lambda done, total: bar.update(task, completed=done, total=total),
            tell_groups=lambda done, total: bar.update(
                task, description="reading references", completed=done, total=total
            ),
        )
    return judged, measured


def as_object(measured: MeasuredSet, found: Agreement) -> dict[str, Any]:
    """What there is to tell; what is no number is null."""
    tables = {
        name: [
            {key: None if isinstance(cell, float) and math.isnan(cell) else cell for key, cell in row.items()}
            for row in frame.to_dicts()
        ]
        for name, frame in (("scores", found.scores), ("comparisons", found.comparisons))
    }
    return {
        "kind": measured.kind,
        "rows": len(measured),
        "left_out": len(measured.errors),
        **tables,
        "provenance": dict(measured.provenance),
    }


def show_frames(*frames: pl.DataFrame) -> None:
    """Print tables, one below the other."""
    from rich.markup import escape
    from rich.table import Table

    from beholder.reports.agreement_cells import fold_intervals

    for frame in frames:
        if not len(frame):
            continue
        heads, rows = fold_intervals(frame)
        table = Table(*map(escape, heads))
        for row in rows:
            table.add_row(*map(escape, row))
        print_wide(table)


def tell_of(measured: MeasuredSet) -> None:
    """What to know of the figures."""
    if not measured.grouped:
        say(
            "there is no column group: each row counts as a reference of its own, and intervals may be too narrow"
        )
    for name, why in measured.errors[:_SHOWN]:
        say(f"left out: {name}: {why}")
    if measured.errors:
        say(f"{len(measured.errors)} rows could not be measured and are left out")
