"""Judgements into one Parquet file."""

from __future__ import annotations

import itertools
import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import polars as pl
from polars.io.plugins import register_io_source

from beholder.data.judged.packed import METADATA_KEY
from beholder.data.judged.rows import ANSWERS, PICTURES, JndPair, RatedPair, Triplet
from beholder.data.judged.sets import JudgementSet
from beholder.spec import BeholderError, StoringError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from beholder.data.judged.rows import Kind, Row

__all__ = ["write_judgements"]

_KINDS: dict[type, Kind] = {Triplet: "triplets", JndPair: "pairs", RatedPair: "ratings"}
_EXTRAS: dict[Kind, dict[str, pl.DataType]] = {
    "triplets": {"votes": pl.Int64(), "distortion0": pl.String(), "distortion1": pl.String()},
    "pairs": {"votes": pl.Int64()},
    "ratings": {"distortion": pl.String(), "level": pl.Float64(), "standard_error": pl.Float64()},
}
_GROUP_BYTES = 8 << 20  # of pictures in a group of rows, about
_MOST_ROWS = 512


def write_judgements(
    rows: Iterable[Row],
    path: str | Path,
    *,
    pictures: Literal["bytes", "paths"] = "bytes",
    tell: Callable[[int], object] | None = None,
) -> int:
    """Write judgements into a Parquet file, whole or not at all, a group of rows in memory at a time.

    Args:
        rows: A set, or rows of one kind.
        path: The file.
        pictures: ``"bytes"`` puts the pictures' files into the table, byte for byte; ``"paths"`` their paths as they
            are seen from the table's folder.
        tell: Called with the number of rows that are written.

    Returns:
        How many rows were written.

    Raises:
        UsageError: If there are no rows, they are of several kinds, or a picture without a file is to be a path.
        PictureError: If a picture cannot be read.
        StoringError: If the file cannot be written.
    """
    path, iterator = Path(path), iter(rows)
    first = next(iterator, None)
    if first is None:
        raise UsageError(f"{path}: there are no rows to write.")
    writer = _Writer(first, path, pictures, rows.number_type if isinstance(rows, JudgementSet) else "<f8")
    form = rows.form if isinstance(rows, JudgementSet) else "Beholder"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
            partial = Path(folder) / path.name
            count = writer.write(itertools.chain([first], iterator), partial, form, tell or (lambda _: None))
            partial.replace(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise StoringError(f"{path}: cannot be written: {' '.join(str(error).split())}") from error
    return count


class _Writer:
    """Writes rows of the first one's kind."""

    def __init__(self, first: Row, path: Path, pictures: Literal["bytes", "paths"], number_type: str) -> None:
        self.kind = _KINDS[type(first)]
        self.better = first.better if isinstance(first, RatedPair) else None
        self.path, self.as_bytes = path, pictures == "bytes"
        stored = pl.Binary() if self.as_bytes else pl.String()
        self.schema: dict[str, pl.DataType] = {"name": pl.String()}
        self.schema |= dict.fromkeys(PICTURES[self.kind], stored)
        self.schema[ANSWERS[self.kind]] = pl.Float32() if number_type == "<f4" else pl.Float64()
        self.schema |= {"group": pl.String(), "subset": pl.String(), **_EXTRAS[self.kind]}
        size = sum(len(file.encoded()) for file in first.pictures) if self.as_bytes else 0
        self.step = max(1, min(_MOST_ROWS, _GROUP_BYTES // max(size, 1)))
        self.error: BeholderError | None = None
        self.count = 0

    def write(self, rows: Iterable[Row], partial: Path, form: str, tell: Callable[[int], object]) -> int:
        """Write the rows to a file.

        Raises:
            BeholderError: If a row cannot be written.
        """

        def frames(
            columns: list[str] | None, predicate: pl.Expr | None, _rows: int | None, _size: int | None
        ) -> Iterator[pl.DataFrame]:
            try:
                yield from self._frames(rows, columns, predicate, tell)
            except BeholderError as error:
                self.error = error  # polars would tell it as one of its own
                raise

        told = {"kind": self.kind, "form": form, "better": self.better, "rows_per_group": self.step}
        try:
            register_io_source(frames, schema=self.schema).sink_parquet(
                partial,
                row_group_size=self.step,
                compression="zstd",
                compression_level=1,  # pictures are compressed as they are
                metadata={METADATA_KEY: json.dumps(told)},
                maintain_order=True,
            )
        except Exception:
            if self.error is not None:
                raise self.error from None
            raise
        return self.count

    def _frames(
        self,
        rows: Iterable[Row],
        columns: list[str] | None,
        predicate: pl.Expr | None,
        tell: Callable[[int], object],
    ) -> Iterator[pl.DataFrame]:
        for batch in _batches(rows, self.step):
            frame = pl.DataFrame([self._cells(row) for row in batch], schema=self.schema, orient="row")
            frame = frame if predicate is None else frame.filter(predicate)
            yield frame if columns is None else frame.select(columns)
            tell(self.count)

    def _cells(self, row: Row) -> tuple[Any, ...]:
        if _KINDS[type(row)] != self.kind or (isinstance(row, RatedPair) and row.better != self.better):
            raise UsageError(
                f"{self.path}: found rows of several kinds; write each kind to a file of its own."
            )
        self.count += 1
        last = row.pictures[-1].path
        stored = [
            file.encoded() if self.as_bytes else self._place(file.path, file.name) for file in row.pictures
        ]
        extras = (getattr(row, name) for name in _EXTRAS[self.kind])
        return (
            last.stem if last else f"{self.count - 1:06d}",
            *stored,
            getattr(row, ANSWERS[self.kind]),
            row.group,
            row.subset,
            *extras,
        )

    def _place(self, file: Path | None, name: str) -> str:
        if file is None:
            raise UsageError(f"{name}: has no file; write the pictures as bytes.")
        return Path(os.path.relpath(file, self.path.parent)).as_posix()


def _batches(rows: Iterable[Row], size: int) -> Iterator[tuple[Row, ...]]:
    iterator = iter(rows)
    while batch := tuple(itertools.islice(iterator, size)):
        yield batch
