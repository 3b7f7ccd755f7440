"""The rows of a run, put on the disk as they come, so that a run that breaks off goes on where it was."""

from __future__ import annotations

import dataclasses
import itertools
import json
import shutil
import time
from typing import TYPE_CHECKING, Any

import filelock
import polars as pl

from beholder.scoring.manifest import Manifest
from beholder.scoring.notes import Notes
from beholder.scoring.part_files import (
    NOTES,
    PLACE,
    is_part,
    name_part,
    part_schema,
    place_of,
    read_lines,
    turns_of,
    write_line,
    write_part,
)
from beholder.scoring.writing import table_schema
from beholder.spec import StoringError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

__all__ = ["Parts"]

_MOST_ROWS = 20_000
# A part is closed after a hundredth of the time that the run has taken, within these seconds: what a kill costs
# stays small, and so does the number of files.
_LEAST_SECONDS, _MOST_SECONDS = 0.5, 10.0
_LOCK = ".lock"


class Parts:
    """A folder that holds the first rows of a run, in files that are never written to again.

    A part is a CSV file of rows that had their turns one after another; the turns stand in its name. Beside a row
    stand its place in the table and what was noted of its files. A part is written under another name, put on the
    disk, and renamed; what a crash leaves is whole parts, and at most one that does not count. Parts end where
    batches end, so that a run that goes on forms the batches that it would have formed, and its scores are the same
    to the last digit. Once all rows before some place are there, parts that hold them out of order become one.

    Parts are written while pictures may fill the memory. Python is refused memory with an error; polars and its
    Parquet would end the process.

    Args:
        folder: The folder; made where it is missing.
        manifest: What the run is.
        resume: Whether to go on with rows that are there.

    Attributes:
        folder: The folder.
        rows: Rows in the parts.
        failed: Those among them with an error.
        notes: What was noted of their files.

    Raises:
        UsageError: If another process writes there; if there are rows and ``resume`` is not set; if they are of
            another run.
        StoringError: If the folder cannot be written to.
    """

    def __init__(self, folder: Path, manifest: Manifest, *, resume: bool) -> None:
        self.folder = folder
        self.rows = self.failed = 0
        self.notes = Notes()
        self._schema = part_schema(table_schema(manifest.run))
        self._files: list[Path] = []
        # The last of them, as long as a row is missing before one that is there, and the places of their rows.
        self._unsettled: list[Path] = []
        self._highest = -1
        self._tail: list[int] = []
        self._batch: list[_Row] = []
        self._waiting: list[_Row] = []
        self._started = self._closed = time.monotonic()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = filelock.FileLock(folder / _LOCK)
            self._lock.acquire(blocking=False)
        except filelock.Timeout as error:
            raise UsageError(
                f"{folder}: another process writes its scores there; wait for it, or name another file with -o."
            ) from error
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            self._begin(manifest, resume=resume)
        except BaseException:
            self.close()
            raise

    def add(
        self, place: int, row: Mapping[str, Any], notes: Iterable[str] = (), *, ends_batch: bool = True
    ) -> None:
        """Add the row whose turn it is, with what is to be noted of its files; close the part where it is time to.

        Args:
            place: Where it stands in the table.
            row: Its cells.
            notes: What is to be noted.
            ends_batch: Whether the part may end behind it.

        Raises:
            StoringError: If the part cannot be written; those before it stand.
        """
        noted = list(notes)
        line = write_line(self._schema, place, row, noted)
        self._batch.append(_Row(place, line, noted, row["error"] is not None))
        if not ends_batch:
            return
        self._waiting += self._batch
        self._highest = max(self._highest, *(each.place for each in self._batch))
        self._batch = []
        now = time.monotonic()
        patience = min(_MOST_SECONDS, max(_LEAST_SECONDS, (now - self._started) / 100))
        settles = self._unsettled and self._highest < self.rows + len(self._waiting)
        if settles or len(self._waiting) >= _MOST_ROWS or now - self._closed >= patience:
            self.flush()

    def flush(self) -> None:
        """Close the part; rows of a batch that is not whole are dropped.

        Raises:
            StoringError: If it cannot be written; those before it stand.
        """
        rows, self._waiting, self._batch = self._waiting, [], []
        if not rows:
            return
        try:
            self._write(rows)
            self.rows += len(rows)
            self.failed += sum(row.failed for row in rows)
            self.notes.add(note for row in rows for note in row.notes)
        except OSError as error:
            raise self._unwritable(error) from error
        except KeyboardInterrupt:
            self._take_up_all()  # the part may be there, or not
            raise
        self._closed = time.monotonic()

    def _write(self, rows: list[_Row]) -> None:
        first, end = self.rows, self.rows + len(rows)
        lines = [row.line for row in rows]
        replaced: list[Path] = []
        settled = self._highest < end
        if settled:
            replaced = self._unsettled
            first = turns_of(replaced[0])[0] if replaced else first
            lines = sorted([*itertools.chain(*map(read_lines, replaced)), *lines], key=place_of)
        file = self.folder / name_part(first, end)
        write_part(file, self._schema, lines)
        self._files = [*(each for each in self._files if each not in replaced), file]
        self._unsettled = [] if settled else [*self._unsettled, file]
        self._tail = [] if settled else sorted([*self._tail, *(row.place for row in rows)])
        for each in replaced:
            each.unlink()

    def place(self, position: int) -> int:
        """Where a row of `scan` stands in the whole table: not there, as long as rows before it are missing."""
        beyond = position - (self.rows - len(self._tail))
        return position if beyond < 0 else self._tail[beyond]

    def scan(self) -> pl.LazyFrame:
        """The rows, read as they are needed."""
        settled = [file for file in self._files if file not in self._unsettled]
        pieces = [pl.scan_csv(settled, schema=self._schema)] if settled else []
        if self._unsettled:
            pieces.append(pl.scan_csv(self._unsettled, schema=self._schema).sort(PLACE))
        rows = pl.concat(pieces) if pieces else pl.LazyFrame(schema=self._schema)
        return rows.drop(PLACE, NOTES)

    def remove(self) -> None:
        """Remove the folder with all that is ours in it: its rows are written elsewhere, or there are none."""
        if not self.folder.exists():
            return
        # Without a manifest the rest is no run's: whatever stops this, the next run clears it away.
        Manifest.file(self.folder).unlink(missing_ok=True)
        self._files.clear()
        self._clear()
        self.close()
        (self.folder / _LOCK).unlink(missing_ok=True)
        if not any(self.folder.iterdir()):
            self.folder.rmdir()

    def close(self) -> None:
        """Let others have the folder."""
        self._lock.release()

    def _begin(self, manifest: Manifest, *, resume: bool) -> None:
        if not (Manifest.file(self.folder).exists() and any(map(is_part, self.folder.iterdir()))):
            try:
                self._clear()
                manifest.write(self.folder)
            except OSError as error:
                raise self._unwritable(error) from error
            return
        if not resume:
            raise UsageError(
                f"{self.folder}: holds what a run scored that broke off. Go on with it by --resume, or remove the folder "
                "to score from the start."
            )
        manifest.check(self.folder)
        self._take_up_all()
        self._clear()

    def _take_up_all(self) -> None:
        """Count the rows that are on the disk, and nothing else."""
        self.rows = self.failed = 0
        self.notes = Notes()
        self._files, self._unsettled, self._tail, self._highest = [], [], [], -1
        # Of parts that begin alike, the longest replaced the others.
        parts = [file for file in self.folder.iterdir() if is_part(file)]
        for file in sorted(parts, key=lambda file: (turns_of(file)[0], -turns_of(file)[1])):
            self._take_up(file)

    def _take_up(self, file: Path) -> None:
        """Count the rows of a part, if it is whole and follows the one before."""
        first, end = turns_of(file)
        if first != self.rows:
            return
        try:
            rows = pl.read_csv(file, schema=self._schema)
        except (pl.exceptions.PolarsError, OSError):
            return
        if rows.height != end - first:
            return
        self.rows = end
        self.failed += rows.height - rows["error"].null_count()
        self.notes.add(note for notes in rows[NOTES].drop_nulls() for note in json.loads(notes))
        self._highest = max(self._highest, int(rows[PLACE].max()))  # type: ignore[arg-type]
        self._files.append(file)
        settled = self._highest < end
        self._unsettled = [] if settled else [*self._unsettled, file]
        self._tail = [] if settled else sorted([*self._tail, *rows[PLACE].to_list()])

    def _clear(self) -> None:
        """Remove what is half written, and all that does not belong to the rows that count."""
        for entry in list(self.folder.iterdir()):
            half_written = entry.is_dir() and entry.name.startswith(".")
            if half_written or (entry.name == "maps" and not self._files):
                shutil.rmtree(entry)
            elif is_part(entry) and entry not in self._files:
                entry.unlink()

    def _unwritable(self, error: OSError) -> StoringError:
        return StoringError(f"{self.folder}: cannot be written to: {error.strerror or error}")


@dataclasses.dataclass(frozen=True)
class _Row:
    place: int
    line: str
    notes: list[str]
    failed: bool
