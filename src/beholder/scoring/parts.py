"""The rows of a run, put on the disk as they come, so that a run that breaks off goes on where it was."""

from __future__ import annotations

import json
import re
import shutil
import time
from typing import TYPE_CHECKING, Any

import filelock
import polars as pl

from beholder.scoring.manifest import Manifest
from beholder.scoring.notes import Notes
from beholder.scoring.writing import replacing, table_schema
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
_NOTES = "\0notes"  # a column that no metric can have
_NAME = re.compile(r"rows-(\d+)-(\d+)\.csv")


class Parts:
    """A folder that holds the first rows of a run, in files that are never written to again.

    A part is a CSV file of neighbouring rows, whose places stand in its name, with a last column for what was noted
    of their files. It is written under another name, put on the disk, and renamed; what a crash leaves is whole
    parts, and at most one that does not count. Parts end where batches end, so that a run that goes on forms the
    batches that it would have formed, and its scores are the same to the last digit.

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
        self._schema = {**table_schema(manifest.run), _NOTES: pl.String()}
        self._files: list[Path] = []
        self._lines: list[str] = []
        self._noted: list[str] = []
        self._whole = 0, 0, 0
        self._new_failures = 0
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

    def add(self, row: Mapping[str, Any], notes: Iterable[str] = (), *, ends_batch: bool = True) -> None:
        """Add the next row, with what is to be noted of its files; close the part where it is time to.

        Raises:
            StoringError: If the part cannot be written; those before it stand.
        """
        noted = list(notes)
        told = {**row, _NOTES: json.dumps(noted, ensure_ascii=False) if noted else None}
        self._lines.append(",".join(_cell(told.get(name)) for name in self._schema) + "\n")
        self._noted += noted
        self._new_failures += row["error"] is not None
        if not ends_batch:
            return
        self._whole = len(self._lines), len(self._noted), self._new_failures
        now = time.monotonic()
        patience = min(_MOST_SECONDS, max(_LEAST_SECONDS, (now - self._started) / 100))
        if len(self._lines) >= _MOST_ROWS or now - self._closed >= patience:
            self.flush()

    def flush(self) -> None:
        """Close the part; rows of a batch that is not whole are dropped.

        Raises:
            StoringError: If it cannot be written; those before it stand.
        """
        rows, notes, failed = self._whole
        lines, noted = self._lines[:rows], self._noted[:notes]
        self._lines, self._noted, self._whole, self._new_failures = [], [], (0, 0, 0), 0
        if not rows:
            return
        file = self.folder / f"rows-{self.rows:010}-{self.rows + rows:010}.csv"
        try:
            with replacing(file) as partial, partial.open("w", encoding="utf-8", newline="") as opened:
                opened.write(",".join(map(_cell, self._schema)) + "\n")
                opened.writelines(lines)
        except OSError as error:
            raise self._unwritable(error) from error
        self._count(file, rows, failed, noted)
        self._closed = time.monotonic()

    def scan(self) -> pl.LazyFrame:
        """The rows, read as they are needed."""
        rows = (
            pl.scan_csv(self._files, schema=self._schema)
            if self._files
            else pl.LazyFrame(schema=self._schema)
        )
        return rows.drop(_NOTES)

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
        if not Manifest.file(self.folder).exists():
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
        for file in sorted(self.folder.iterdir()):
            place = _NAME.fullmatch(file.name)
            if place and not self._take_up(file, int(place[1]), int(place[2])):
                break
        self._clear()

    def _take_up(self, file: Path, first: int, end: int) -> bool:
        """Count the rows of a part, if it is whole and follows the one before."""
        if first != self.rows:
            return False
        try:
            rows = pl.read_csv(file, schema=self._schema)
        except (pl.exceptions.PolarsError, OSError):
            return False
        if rows.height != end - first:
            return False
        noted = [note for notes in rows[_NOTES].drop_nulls() for note in json.loads(notes)]
        self._count(file, rows.height, rows.height - rows["error"].null_count(), noted)
        return True

    def _count(self, file: Path, rows: int, failed: int, noted: Iterable[str]) -> None:
        self._files.append(file)
        self.rows += rows
        self.failed += failed
        self.notes.add(noted)

    def _clear(self) -> None:
        """Remove what is half written, and all that does not belong to the rows that count."""
        for entry in list(self.folder.iterdir()):
            half_written = entry.is_dir() and entry.name.startswith(".")
            if half_written or (entry.name == "maps" and not self._files):
                shutil.rmtree(entry)
            elif _NAME.fullmatch(entry.name) and entry not in self._files:
                entry.unlink()

    def _unwritable(self, error: OSError) -> StoringError:
        return StoringError(f"{self.folder}: cannot be written to: {error.strerror or error}")


def _cell(value: object) -> str:
    """A cell of CSV: numbers with all of their digits, text between quotes, so that none is taken for nothing."""
    if value is None:
        return ""
    return '"' + value.replace('"', '""') + '"' if isinstance(value, str) else repr(value)
