"""`beholder agree`: how well metrics agree with people."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from beholder.cli.completion import complete_metrics
from beholder.cli.console import print_out, progress_bar, say
from beholder.cli.measured import as_object, read_or_measure, show_frames, tell_of
from beholder.cli.options import AsObject, Quiet
from beholder.cli.outputs import check_file
from beholder.spec import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from beholder.calibration import Agreement, MeasuredSet
    from beholder.data.judged import JudgementSet

__all__ = ["agree"]


def agree(
    judgements: Annotated[
        Path | None,
        typer.Argument(
            help="A set of judgements, as `beholder data check` tells it; or a distances table with --table."
        ),
    ] = None,
    metrics: Annotated[
        str | None,
        typer.Option(
            "-m",
            "--metrics",
            autocompletion=complete_metrics,
            help="Metrics, with commas between them; lpips_alex, or all of a table's.",
        ),
    ] = None,
    table: Annotated[
        Path | None, typer.Option(help="Distances that are stored: d0, d1, judge; no picture is needed.")
    ] = None,
    kind: Annotated[
        str | None, typer.Option(help="Of a folder that holds several: triplets, pairs or ratings.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            help="Write the scores: .parquet, .csv or .jsonl. Comparisons of metrics are in --json and --report.",
        ),
    ] = None,
    distances: Annotated[
        Path | None, typer.Option(help="Write each row's distances, for --table: .parquet, .csv or .jsonl.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write a page with charts and the worst disagreements, in pictures.")
    ] = None,
    opinion_error: Annotated[
        float | None,
        typer.Option(help="Standard error of opinions that have none, in their units: which pairs differ."),
    ] = None,
    level: Annotated[float, typer.Option(help="Confidence level of the intervals.")] = 0.95,
    resamples: Annotated[int, typer.Option(help="How often references are drawn for the intervals.")] = 2000,
    seed: Annotated[int, typer.Option(min=0, help="Of what is drawn.")] = 0,
    engine: Annotated[str, typer.Option(help="What computes networks, as for `beholder score`.")] = "auto",
    precision: Annotated[str, typer.Option(help="fp32 or bf16, as for `beholder score`.")] = "auto",
    as_json: AsObject = False,
    quiet: Quiet = False,
) -> None:
    """Tell how well metrics agree with people, with confidence intervals.

    Triplets (which of two is nearer to the reference): 2AFC score, people's own ceiling, area under the ROC curve.
    JND pairs (same or not): average precision. Ratings: rank and linear correlations, and which pairs differ. Intervals resample reference pictures,
    and metrics are tested against each other. The definitions: docs/agreement.md.

    Exit code: 0 all measured, 1 some rows could not be, 2 bad usage.

    Examples:
        beholder agree bapps/2afc/val -m lpips_alex,lpips_vgg,ssim -o agreement.parquet --report page.html

        beholder agree --table distances.csv --json

        beholder agree tid2013/ -m vsi,dists --distances tid.parquet
    """
    from beholder.calibration import agree as compare
    from beholder.calibration import write_measured
    from beholder.calibration.tables import save_table

    _check(level, resamples, opinion_error, (output, distances), report)
    judged, measured = read_or_measure(
        judgements, table, metrics, kind=kind, engine=engine, precision=precision, quiet=quiet
    )
    if opinion_error is not None:
        measured = measured.assume_standard_error(opinion_error)
    if distances is not None:
        write_measured(measured, distances)
        say(f"wrote {len(measured)} rows of distances to {distances}")
    with progress_bar("parts", quiet=quiet) as bar:
        task = bar.add_task("resampling", total=None, failed="")
        found = compare(
            measured,
            level=level,
            resamples=resamples,
            seed=seed,
            tell=lambda done, total: bar.update(task, completed=done, total=total),
        )
    if output is not None:
        save_table(found.scores, measured.provenance, output)
        say(f"wrote {len(found.scores)} rows to {output}")
    if report is not None:
        _report(measured, found, report, judged)
    if as_json:
        print_out(json.dumps(as_object(measured, found), indent=2, ensure_ascii=False))
    else:
        show_frames(found.scores, found.comparisons)
    if measured.kind == "ratings" and not measured.has_standard_errors:
        say(
            "opinions have no standard errors: every two that are not equal count as told apart, and auc_different is not known; "
            "--opinion-error tells one"
        )
    tell_of(measured)
    raise typer.Exit(1 if measured.errors else 0)


def _report(measured: MeasuredSet, found: Agreement, path: Path, judged: JudgementSet | None) -> None:
    import shlex
    import sys
    from datetime import UTC, datetime

    from beholder.reports.agreement_page import write_agreement_page
    from beholder.scoring import as_text

    created = datetime.now(UTC).isoformat(timespec="seconds")
    command = as_text(shlex.join(["beholder", *sys.argv[1:]]))
    write_agreement_page(measured, found, path, created=created, command=command, judged=judged)
    say(f"wrote {path}")


def _check(
    level: float,
    resamples: int,
    opinion_error: float | None,
    tables: Sequence[Path | None],
    report: Path | None,
) -> None:
    """Refuse now what would be refused when all is measured."""
    from beholder.judgements.resampling import check_resampling
    from beholder.scoring.writing import check_ending

    check_resampling(level, resamples)
    if opinion_error is not None and not 0 < opinion_error < math.inf:
        raise UsageError(f"--opinion-error is {opinion_error}; expected a number above 0.")
    for path in filter(None, tables):
        check_ending(path)
    for path in filter(None, (*tables, report)):
        check_file(path)
