"""`beholder study analyse`, `export` and `codes`: what observers said, and who is done."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from beholder.cli.console import print_out, progress_bar, say
from beholder.cli.measured import show_frames
from beholder.cli.options import AsObject, Quiet
from beholder.cli.outputs import check_file, check_page
from beholder.cli.study_packages import require_study

if TYPE_CHECKING:
    import polars as pl

    from beholder.study.results import Analysis

__all__ = ["analyse", "codes", "export"]

Database = Annotated[
    str | None,
    typer.Option(envvar="BEHOLDER_DATABASE", help="Where the answers are, unless in the study's folder."),
]


def analyse(
    name: Annotated[Path, typer.Argument(help="The study's folder.")],
    database: Database = None,
    report: Annotated[
        Path | None, typer.Option("-o", "--report", help="Write a page with charts and tables: .html.")
    ] = None,
    as_json: AsObject = False,
) -> None:
    """Tell what a study has found so far, with 95 % intervals.

    Observers who failed the study's rules, or were excluded, do not count; each is told with the reason. 2AFC: preferences,
    agreement, human ceiling. JND: what is seen, false alarms, thresholds of strengths. Conditions: scale values. The
    definitions: docs/study.md.

    Exit code: 0 analysed; 2 there is nothing to analyse, or bad usage.

    Examples:
        beholder study analyse faces --report faces.html

        beholder study analyse faces --json > faces.json
    """
    require_study()
    from beholder.study.folder import StudyFolder
    from beholder.study.results import analyse as analyse_answers
    from beholder.study.results import read_answers

    if report is not None:
        check_page(report)
        check_file(report)
    folder = StudyFolder(name)
    opened = folder.open_database(database)
    try:
        found = analyse_answers(read_answers(opened), folder.design)
    finally:
        opened.close()
    if report is not None:
        from datetime import UTC, datetime

        from beholder.reports.study_page import write_study_page

        write_study_page(found, report, created=datetime.now(UTC).isoformat(timespec="seconds"))
        say(f"wrote {report}")
    if as_json:
        print_out(json.dumps(_as_object(found), indent=2, ensure_ascii=False))
        return
    _show(found)


def export(
    name: Annotated[Path, typer.Argument(help="The study's folder.")],
    output: Annotated[Path, typer.Argument(help="The folder to make.")],
    database: Database = None,
    quiet: Quiet = False,
) -> None:
    """Write what people answered for other programs: BAPPS's folders, Parquet, CSV; nothing that tells who they are.

    `beholder agree` and `beholder calibrate` take the folder's judgements.parquet, and 2afc/ or jnd/, as they are.

    Exit code: 0 written; 2 there is nothing to write, or bad usage; nothing was written.

    Examples:
        beholder study export faces faces-export

        beholder agree faces-export/judgements.parquet -m lpips_alex,ssim
    """
    require_study()
    from beholder.study.folder import StudyFolder
    from beholder.study.results import read_answers
    from beholder.study.results.exporting import export_study

    folder = StudyFolder(name)
    opened = folder.open_database(database)
    try:
        with progress_bar("stimuli", quiet=quiet) as bar:
            task = bar.add_task("writing", total=None, failed="")
            found = export_study(
                folder,
                opened,
                read_answers(opened),
                output,
                tell=lambda done, total: bar.update(task, completed=done, total=total),
            )
    finally:
        opened.close()
    say(f"wrote {found.answers} answers and {found.stimuli} stimuli to {output}: {', '.join(found.forms)}")
    if found.without:
        say(f"{found.without} stimuli have no vote that counts and are left out")
    if "judgements.parquet" not in found.forms:
        say(
            "results were compared without references, so there is nothing in BAPPS form, nor for `beholder agree`: which was preferred "
            "to which is in comparisons.csv, and each answer in answers.csv"
        )


def codes(
    name: Annotated[Path, typer.Argument(help="The study's folder.")], database: Database = None
) -> None:
    """Print the completion codes of observers who did a whole session, to see who is to be paid.

    In the order of the alphabet: nothing tells whose answers are whose.

    Exit code: 0 printed; 2 bad usage.

    Example:
        beholder study codes faces
    """
    require_study()
    from beholder.study.folder import StudyFolder
    from beholder.study.services.tokens import Signer
    from beholder.study.services.way import completion_codes

    folder = StudyFolder(name)
    opened = folder.open_database(database)
    try:
        with opened.reading() as transaction:
            found = completion_codes(transaction, Signer(folder.key))
    finally:
        opened.close()
    say(f"{len(found)} observers did a whole session")
    if found:
        print_out("\n".join(found))


def _show(found: Analysis) -> None:
    observers = found.observers
    counting = observers.filter(observers["counts"])
    say(
        f"{len(counting)} of {len(observers)} observers count, with {found.shares['votes'].sum()} votes on "
        f"{len(found.shares)} stimuli"
    )
    for row in observers.filter(~observers["counts"]).to_dicts():
        say(f"{row['observer']} does not count: {row['reason']}")
    frames = (found.figures, found.scales, found.parts, found.thresholds)
    show_frames(*(frame for frame in frames if frame is not None))
    for note in found.notes:
        say(note)


def _as_object(found: Analysis) -> dict[str, Any]:
    """What there is to tell; what is no number is null."""
    tables = {
        "figures": found.figures,
        "observers": found.observers,
        "stimuli": found.shares,
        "parts": found.parts,
        "scales": found.scales,
        "wins": found.wins,
        "thresholds": found.thresholds,
    }
    return {
        "kind": found.design.kind,
        **{name: [] if table is None else _rows(table) for name, table in tables.items()},
        "notes": found.notes,
    }


def _rows(table: pl.DataFrame) -> list[dict[str, Any]]:
    return [
        {
            key: None if isinstance(cell, float) and not math.isfinite(cell) else cell
            for key, cell in row.items()
        }
        for row in table.to_dicts()
    ]
