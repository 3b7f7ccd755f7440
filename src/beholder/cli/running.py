"""A run: rows scored one after another, put on the disk as they come, and what becomes of them."""

from __future__ import annotations

import contextlib
import dataclasses
import shlex
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from beholder.cli.console import say
from beholder.cli.maps import Maps
from beholder.cli.outcome import Outcome
from beholder.cli.progress import RunLog, open_log, tell_event
from beholder.spec import BeholderError, ClusterError, StoringError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from beholder.images import File
    from beholder.scoring import ScoredPair, StoredScores
    from beholder.scoring.parts import Parts
    from beholder.spec import MetricSpec

__all__ = ["FindMaps", "Job", "Wishes", "WritePage", "listen", "run"]

FindMaps: TypeAlias = "Callable[[list[int]], dict[tuple[int, str], Path]]"
WritePage: TypeAlias = "Callable[[StoredScores, Path, FindMaps], None]"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Job:
    """What a run scores.

    Attributes:
        unit: What a row stands for, in the plural.
        rows: Number of rows.
        specs: The metrics' specifications, by the names of their columns.
        hash_pairs: What tells the run's pairs from others'; of videos, which the provenance names, nothing.
        added_to: Metrics of the table that the columns are added to.
        prepare: What goes before the first row: its name, its number of steps, and what does it and tells how
            many are done.
        stream: Starts to score, one row after another, behind so many that are scored already; rows may have their
            turn out of their order, but always the same.
        provenance: Where the numbers come from.
        complete: Makes the whole table of the rows and columns that the run has scored.
        map_names: A name for the heat maps of each row, as a path.
        write_page: Writes the page: scores, file, and what finds the saved heat maps of some rows, by the place of
            the row among these and the metric.
        maps_on_page: Whether the page wants heat maps.
    """

    unit: str
    rows: int
    specs: Mapping[str, MetricSpec]
    hash_pairs: Callable[[], str] = str
    added_to: tuple[str, ...] = ()
    prepare: tuple[str, int, Callable[[Callable[[int], object]], None]] | None = None
    stream: Callable[[int], Iterator[ScoredPair]]
    provenance: Callable[[], dict[str, object]]
    complete: Callable[[StoredScores], StoredScores] = lambda scores: scores
    map_names: Callable[[], Iterator[Path]]
    write_page: WritePage
    maps_on_page: bool


@dataclasses.dataclass(frozen=True)
class Wishes:
    """What is to become of a run's rows.

    Attributes:
        output: The table to write.
        report: The page to write.
        maps: The folder for heat maps.
        resume: Whether to go on with rows that an earlier run left.
        quiet: Whether to tell nothing.
        log_json: Whether to tell it in lines of JSON.
    """

    output: File | None = None
    report: File | None = None
    maps: Path | None = None
    resume: bool = False
    quiet: bool = False
    log_json: bool = False

    def check(self) -> None:
        """Refuse what contradicts itself.

        Raises:
            UsageError: If it does.
        """
        if self.resume and self.output is None:
            raise UsageError("--resume goes on with a table; name the one that was asked for with -o.")
        if self.quiet and self.log_json:
            raise UsageError("--quiet and --log-json exclude each other; leave out one.")

    def tell(self, text: str) -> None:
        """A line on standard error, in the form that was asked for."""
        if self.log_json:
            tell_event("note", text=text)
        elif not self.quiet:
            say(text)


@contextlib.contextmanager
def run(job: Job, wishes: Wishes) -> Iterator[Outcome]:
    """Score with progress on standard error; write the table, the heat maps and the page; then exit.

    Rows stand in ``OUTPUT.parts`` until the table is written; where none is asked for, in a temporary folder, for
    as long as what is handed out is read.

    Raises:
        UsageError: If another run's rows are in the way.
        StoringError: If nothing can be written there.
        typer.Exit: If the run did not end well, or stopped before the first score.
    """
    listen()
    with _open_parts(job, wishes) as parts:
        maps = None
        for_page = parts.folder / "maps" if wishes.report and job.maps_on_page else None
        if wishes.maps or for_page:
            maps = Maps(
                job.specs, wishes.maps, for_page, job.map_names(), _stored(job, parts, None), parts.place
            )
        with open_log(job.unit, quiet=wishes.quiet, as_json=wishes.log_json) as log:
            stopped, code = _score(job, parts, maps, log)
        outcome = Outcome(_stored(job, parts, stopped), wishes, log, parts.folder, stopped, code)
        if stopped is None or wishes.output is None:
            outcome.write_table(job.complete, parts.folder)
        if parts.rows or stopped is None:
            outcome.write_page(job.write_page, maps)
            outcome.summarise(maps)
            try:
                yield outcome
            finally:
                if outcome.has_table:
                    parts.remove()
        outcome.leave()


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


@contextlib.contextmanager
def _open_parts(job: Job, wishes: Wishes) -> Iterator[Parts]:
    from beholder.scoring.manifest import Manifest
    from beholder.scoring.parts import Parts
    from beholder.scoring.storing import parts_folder

    with contextlib.ExitStack() as stack:
        if wishes.output is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="beholder-")), "parts")
        else:
            folder = parts_folder(wishes.output)
        pairs = job.hash_pairs() if wishes.output else ""
        manifest = Manifest(job.provenance(), job.rows, pairs, job.added_to)
        parts = Parts(folder, manifest, resume=wishes.resume)
        try:
            yield parts
        finally:
            if parts.rows:
                parts.close()
            else:
                parts.remove()


def _score(job: Job, parts: Parts, maps: Maps | None, log: RunLog) -> tuple[str | None, int]:
    """Score what is missing; tells why that stopped, and the exit code."""
    from beholder.scoring import as_text

    before = parts.rows
    try:
        if job.prepare:
            name, steps, prepare = job.prepare
            tell = log.prepare(name, steps)
            prepare(tell)
            tell(steps)
        log.start(job.rows, parts.rows, parts.failed)
        for scored in job.stream(parts.rows):
            notes = [f"{as_text(path)}: {note}" for path, note in scored.notes]
            if maps:
                notes += maps.draw(scored)
            parts.add(scored.index, scored.as_row(), notes, ends_batch=scored.ends_batch)
            log.scored(scored)
        parts.flush()
        return None, 0
    except KeyboardInterrupt:
        how, why, code = "interrupted", "", 130
    except (StoringError, ClusterError) as error:
        if isinstance(error, ClusterError) and log.done == before:
            raise
        how, why, code = "broken off", f": {error}", 3
    except Exception as error:
        if isinstance(error, BeholderError) and log.done == before:
            raise
        log.bug()
        how, why, code = "broken off", f": {error!r}", 3
    with contextlib.suppress(StoringError):
        parts.flush()
    place = f"after {parts.rows:,} of {job.rows:,} {job.unit}"
    return f"{how} {place if parts.rows or why else 'before the first score'}{why}", code


def _stored(job: Job, parts: Parts, stopped: str | None) -> StoredScores:
    from beholder.scoring import StoredScores, as_text

    command = {"command": as_text(shlex.join(["beholder", *sys.argv[1:]]))}
    told = {**parts.notes.as_dict(), "stopped": stopped, "rows": parts.rows}
    return StoredScores(parts.scan(), job.provenance() | command | told)
