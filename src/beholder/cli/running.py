"""A run: scores with progress, whatever is compared, and what becomes of them."""

from __future__ import annotations

import contextlib
import dataclasses
import shlex
import signal
import sys
import tempfile
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from beholder.cli.console import messages, progress_bar, say
from beholder.cli.outputs import write_results
from beholder.spec import BeholderError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from rich.progress import Progress

    from beholder.reports import MapFolder
    from beholder.scoring import ScoredPair, ScoreTable
    from beholder.spec import MetricSpec

__all__ = ["Job", "exit_code", "listen", "run"]

_SHOWN = 10
_INTERRUPTED = "interrupted"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Job:
    """What a run scores.

    Attributes:
        unit: What a row stands for, in the plural.
        names: The name of each row's heat maps, as a path; as many as there are rows.
        specs: The metrics' specifications, by the names of their columns.
        prepare: What goes before the first row: its name, its number of steps, and what does it and tells how
            many are done.
        stream: Starts to score, one row after another.
        provenance: Where the numbers come from.
        pool: Rows to add behind the others.
        write_page: Writes the page: table, file, saved heat maps by row and metric.
        maps_on_page: Whether the page wants a heat map of every row.
    """

    unit: str
    names: Sequence[Path]
    specs: Mapping[str, MetricSpec]
    prepare: tuple[str, int, Callable[[Callable[[int], object]], None]] | None = None
    stream: Callable[[], Iterator[ScoredPair]]
    provenance: Callable[[], dict[str, object]]
    pool: Callable[[Sequence[Mapping[str, Any]]], Sequence[Mapping[str, Any]]]
    write_page: Callable[[ScoreTable, Path, Mapping[tuple[int, str], Path]], None]
    maps_on_page: bool


def run(
    job: Job,
    *,
    output: Path | None = None,
    report: Path | None = None,
    maps: Path | None = None,
    quiet: bool = False,
) -> ScoreTable:
    """Score with progress on standard error; write the table, the heat maps and the page.

    Raises:
        typer.Exit: If the run stopped before the first score.
    """
    listen()
    with contextlib.ExitStack() as stack:
        folder = maps
        if folder is None and report is not None and job.maps_on_page:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=".beholder-")))
        table, drawn = _collect(job, folder, quiet=quiet)
        if table.provenance["stopped"] and table.frame.is_empty():
            raise typer.Exit(exit_code(table))
        written, problems = write_results(
            table, output, report, lambda page: job.write_page(table, page, drawn)
        )
    if maps is not None and drawn:
        written.append(maps)
    if not quiet:
        summarise(table, written)
    if problems:
        stopped = "; ".join(filter(None, [table.provenance["stopped"], *problems]))
        table = dataclasses.replace(table, provenance={**table.provenance, "stopped": stopped})
    return table


def listen() -> None:
    """Let the first signal to stop end the work; those that follow must not end the writing."""
    # SIGTERM is what batch systems send, SIGHUP what a closed terminal leaves.
    listened = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]

    def stop(*_: object) -> None:
        for each in listened:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    for each in listened:
        signal.signal(each, stop)


def exit_code(table: ScoreTable) -> int:
    """What the run's exit code tells: 130 interrupted, 3 broken off, 1 some pairs failed, 0 all scored."""
    stopped = table.provenance["stopped"]
    if stopped is not None:
        say(stopped if table.frame.is_empty() else f"{stopped}; what was scored is kept.")
        return 130 if stopped.startswith(_INTERRUPTED) else 3
    return 1 if len(table.failed) else 0


def _collect(job: Job, folder: Path | None, *, quiet: bool) -> tuple[ScoreTable, dict[tuple[int, str], Path]]:
    from beholder.reports import MapFolder
    from beholder.scoring import ScoreTable, as_text

    rows, warnings = [], []
    drawn: dict[tuple[int, str], Path] = {}
    stopped = None
    drawer = MapFolder(folder, job.names, job.specs) if folder else None
    with progress_bar(job.unit, quiet=quiet) as bar:
        try:
            if job.prepare:
                name, steps, prepare = job.prepare
                task = bar.add_task(name, total=steps, failed="")
                prepare(lambda done: bar.update(task, completed=min(done, steps)))
                bar.update(task, completed=steps)
            for scored in _advance(job.stream(), bar, len(job.names)):
                rows.append(scored.as_row())
                warnings += [f"{as_text(path)}: {note}" for path, note in scored.notes]
                if drawer:
                    warnings += _draw(drawer, scored, drawn)
        except KeyboardInterrupt:
            scored_until = (
                f"after {len(rows)} of {len(job.names)} {job.unit}" if rows else "before the first score"
            )
            stopped = f"{_INTERRUPTED} {scored_until}"
        except Exception as error:
            if isinstance(error, BeholderError) and not rows:
                raise
            traceback.print_exc()
            stopped = f"broken off after {len(rows)} of {len(job.names)} {job.unit}: {error!r}"
    provenance = job.provenance() | {
        "command": as_text(shlex.join(["beholder", *sys.argv[1:]])),
        "warnings": list(dict.fromkeys(warnings)),
        "stopped": stopped,
    }
    return ScoreTable.from_rows([*rows, *job.pool(rows)], provenance), drawn


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
        unit = "frames" if "video" in table.provenance else "pairs"
        console.print(f"[red]{len(failed)} of {len(table.pairs)} {unit} failed:[/]")
        for row in failed.head(_SHOWN).iter_rows(named=True):
            named = row["error"].startswith((row["distorted"], row["reference"]))
            console.print("  " + escape(row["error"] if named else f"{row['distorted']}: {row['error']}"))
        if len(failed) > _SHOWN:
            console.print(f"  and {len(failed) - _SHOWN} more: see the column error")
    for path in written:
        console.print(f"wrote {escape(str(path))}")
