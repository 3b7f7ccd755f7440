"""A run: rows scored one after another, put on the disk as they come, and what becomes of them."""

from __future__ import annotations

import contextlib
import shlex
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from beholder.cli.maps import Maps
from beholder.cli.outcome import Outcome
from beholder.cli.progress import RunLog, open_log
from beholder.spec import BeholderError, ClusterError, StoringError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from beholder.cli.job import Job, Wishes
    from beholder.scoring import StoredScores
    from beholder.scoring.parts import Parts

__all__ = ["listen", "run"]


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
