"""`beholder score`: pairs of pictures into a table of scores."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import shlex
import signal
import sys
import tempfile
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from beholder.catalog import split_requests
from beholder.cli.console import messages, print_out, print_wide, progress_bar, say
from beholder.cli.outputs import check_outputs, write_results
from beholder.spec import BeholderError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.progress import Progress

    from beholder.images import Pair, Pairing
    from beholder.reports import MapFolder
    from beholder.scoring import ScoredPair, Scorer, ScoreTable, Settings

__all__ = ["exit_code", "run", "score"]

_SHOWN = 10
_INTERRUPTED = "interrupted"


def score(
    reference: Annotated[Path | None, typer.Argument(help="Reference picture, or folder of them.")] = None,
    distorted: Annotated[Path | None, typer.Argument(help="Picture under test, or folder of them.")] = None,
    metrics: Annotated[
        list[str] | None,
        typer.Option(
            "-m",
            "--metrics",
            help="Names, comma-separated or each with an -m; options follow a colon. In an option's value, "
            "put a backslash before a comma or colon.",
        ),
    ] = None,
    pairs: Annotated[Path | None, typer.Option(help="CSV with the columns reference and distorted.")] = None,
    one_reference: Annotated[
        bool, typer.Option("--one-reference", help="Compare one reference with every picture of a folder.")
    ] = False,
    allow_unmatched: Annotated[
        bool, typer.Option("--allow-unmatched", help="Score what pairs up, although some pictures do not.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Table to write: .parquet, .csv or .jsonl.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Rows as a JSON list on standard output.")] = False,
    report: Annotated[
        Path | None, typer.Option(help="HTML page to write, with pictures and heat maps.")
    ] = None,
    maps: Annotated[Path | None, typer.Option(help="Folder for a heat map per pair and metric.")] = None,
    resize: Annotated[
        str, typer.Option(help="Where sizes differ: refuse, reference, distorted (resize to it) or crop.")
    ] = "refuse",
    background: Annotated[str, typer.Option(help="Colour to lay transparent pictures on.")] = "white",
    max_pixels: Annotated[int, typer.Option(help="Refuse pictures with more pixels.")] = 100_000_000,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")] = "auto",
    batch_size: Annotated[int | None, typer.Option(help="Most pairs at once.  [default: chosen]")] = None,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No progress bar and no summary.")] = False,
) -> None:
    """Score pictures against their references.

    Exit code: 0 all scored, 1 some rows failed (their error column says why), 2 bad usage, 130 interrupted
    and 3 broken off or not all written (what was scored is kept).

    Examples:
        beholder score original.png restored.png -m lpips_alex,ssim

        beholder score originals/ restored/ -m psnr_y:border=4,lpips_vgg -o scores.parquet --report page.html

        beholder score original.png tries/ --one-reference -m lpips_alex --json
    """
    names = [name for given in metrics or () for name in split_requests(given)]
    if not names:
        raise UsageError(
            "no metric is named; for example -m lpips_alex,ssim. `beholder metrics` lists them all."
        )
    pairing = _find_pairs(
        reference, distorted, pairs, one_reference=one_reference, allow_unmatched=allow_unmatched
    )
    from beholder.reports import score_table
    from beholder.scoring import Settings

    settings = Settings(
        resize=resize,  # type: ignore[arg-type]  # Settings refuses what is no rule
        background=background,
        max_pixels=max_pixels,
        device=device,
        batch_size=batch_size,
    )
    read = [pairs, *(file for pair in pairing.pairs for file in (pair.reference, pair.distorted))]
    check_outputs(output, report, maps, read=read)
    table = run(pairing.pairs, names, settings, report=report, maps=maps, quiet=quiet, output=output)
    if as_json:
        print_out(json.dumps(table.to_rows(), indent=1, ensure_ascii=False, allow_nan=False))
    elif output is None:
        print_wide(score_table(table))
    raise typer.Exit(exit_code(table))


def _find_pairs(
    reference: Path | None,
    distorted: Path | None,
    pairs: Path | None,
    *,
    one_reference: bool,
    allow_unmatched: bool,
) -> Pairing:
    from beholder.images import pair_paths, read_pairs

    if pairs is not None:
        if reference is not None or one_reference:
            raise UsageError(
                "--pairs names the files itself; leave out REFERENCE, DISTORTED and --one-reference."
            )
        return read_pairs(pairs)
    if reference is None or distorted is None:
        raise UsageError(
            "name REFERENCE and DISTORTED (files or folders), or --pairs FILE. See beholder score -h."
        )
    found = pair_paths(reference, distorted, one_reference=one_reference, allow_unmatched=allow_unmatched)
    for side, files in (("reference", found.unmatched_references), ("distorted", found.unmatched_distorted)):
        if files:
            more = f" and {len(files) - _SHOWN} more" if len(files) > _SHOWN else ""
            say(
                f"{len(files)} {side} pictures without a partner: {', '.join(map(str, files[:_SHOWN]))}{more}"
            )
    return found


def run(
    pairs: Sequence[Pair],
    metrics: list[str],
    settings: Settings,
    *,
    output: Path | None = None,
    report: Path | None = None,
    maps: Path | None = None,
    quiet: bool = False,
) -> ScoreTable:
    """Score pairs with progress on standard error; write the table, the heat maps and the page.

    Raises:
        UsageError: If a metric is unknown.
        WeightsError: If weights cannot be had.
        typer.Exit: If the run stopped before the first score.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what batch systems send, as if by Ctrl-C
    from beholder.cli.weights import fetch_missing
    from beholder.scoring import Scorer
    from beholder.scoring.memory import limit_memory

    limit_memory()
    fetch_missing(metrics)
    scorer = Scorer(metrics, settings, maps=maps is not None or report is not None)
    with contextlib.ExitStack() as stack:
        folder = maps
        if folder is None and report is not None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=".beholder-")))
        table, drawn = _collect(scorer, pairs, folder, quiet=quiet)
        if table.provenance["stopped"] and table.frame.is_empty():
            raise typer.Exit(exit_code(table))
        written, problems = write_results(table, output, report, drawn)
    if maps is not None and drawn:
        written.append(maps)
    if not quiet:
        summarise(table, written)
    if problems:
        stopped = "; ".join(filter(None, [table.provenance["stopped"], *problems]))
        table = dataclasses.replace(table, provenance={**table.provenance, "stopped": stopped})
    return table


def exit_code(table: ScoreTable) -> int:
    """What the run's exit code tells: 130 interrupted, 3 broken off, 1 some pairs failed, 0 all scored."""
    stopped = table.provenance["stopped"]
    if stopped is not None:
        say(stopped if table.frame.is_empty() else f"{stopped}; what was scored is kept.")
        return 130 if stopped.startswith(_INTERRUPTED) else 3
    return 1 if len(table.failed) else 0


def _collect(
    scorer: Scorer, pairs: Sequence[Pair], folder: Path | None, *, quiet: bool
) -> tuple[ScoreTable, dict[tuple[int, str], Path]]:
    from beholder.reports import MapFolder
    from beholder.scoring import ScoreTable, as_text

    rows, warnings = [], []
    drawn: dict[tuple[int, str], Path] = {}
    stopped = None
    drawer = MapFolder(folder, [pair.distorted for pair in pairs], scorer.metrics) if folder else None
    with progress_bar(quiet=quiet) as bar:
        try:
            for scored in _advance(scorer.stream(pairs), bar, len(pairs)):
                rows.append(scored.as_row())
                warnings += [f"{as_text(path)}: {note}" for path, note in scored.notes]
                if drawer:
                    warnings += _draw(drawer, scored, drawn)
        except KeyboardInterrupt:
            scored_until = f"after {len(rows)} of {len(pairs)} pairs" if rows else "before the first score"
            stopped = f"{_INTERRUPTED} {scored_until}"
        except UsageError:
            raise
        except Exception as error:  # noqa: BLE001 -- a full disk or a bug: told in full, and no row is lost
            traceback.print_exc()
            stopped = f"broken off after {len(rows)} of {len(pairs)} pairs: {error!r}"
    provenance = scorer.provenance() | {
        "command": as_text(shlex.join(["beholder", *sys.argv[1:]])),
        "warnings": list(dict.fromkeys(warnings)),
        "stopped": stopped,
    }
    return ScoreTable.from_rows(rows, provenance), drawn


def _draw(drawer: MapFolder, scored: ScoredPair, drawn: dict[tuple[int, str], Path]) -> list[str]:
    """Save the maps of a pair, and tell which could not be."""
    failed = []
    for name, values in scored.maps.items():
        try:
            drawn[scored.index, name] = drawer.save(scored.index, name, values)
        except (BeholderError, OSError) as error:
            failed.append(f"{scored.as_row()['distorted']}: no heat map of {name}: {error}")
    return failed


def _advance(scored: Iterator[ScoredPair], bar: Progress, total: int) -> Iterator[ScoredPair]:
    task = bar.add_task("scoring", total=total, failed="")
    failures = 0
    for pair in scored:
        failures += pair.error is not None
        bar.update(task, advance=1, failed=f"{failures} failed" if failures else "")
        yield pair


def summarise(table: ScoreTable, written: Sequence[Path]) -> None:
    """Means, failures, warnings and written files, on standard error."""
    from rich.markup import escape

    from beholder.reports import summary_table

    console = messages()
    console.print(summary_table(table))
    warnings = table.provenance["warnings"]
    for warning in warnings[:_SHOWN]:
        console.print(f"[yellow]note:[/] {escape(warning)}")
    if len(warnings) > _SHOWN:
        console.print(f"[yellow]note:[/] and {len(warnings) - _SHOWN} more, in the result's provenance")
    failed = table.failed
    if len(failed):
        console.print(f"[red]{len(failed)} of {len(table.frame)} pairs failed:[/]")
        for row in failed.head(_SHOWN).iter_rows(named=True):
            named = row["error"].startswith((row["distorted"], row["reference"]))
            console.print("  " + escape(row["error"] if named else f"{row['distorted']}: {row['error']}"))
        if len(failed) > _SHOWN:
            console.print(f"  and {len(failed) - _SHOWN} more: see the column error")
    for path in written:
        console.print(f"wrote {escape(str(path))}")
