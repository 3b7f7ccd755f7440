"""Scores into files: the formats, and files that take their place whole or not at all."""

from __future__ import annotations

import contextlib
import json
import math
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from beholder.spec import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from beholder.images import File

__all__ = [
    "METADATA_KEY",
    "SIDECAR",
    "check_ending",
    "plain_rows",
    "replacing",
    "sidecar",
    "table_schema",
    "write_scores",
    "write_table",
]

METADATA_KEY = "beholder"
SIDECAR = ".provenance.json"


def check_ending(path: File) -> None:
    """Refuse a file whose ending does not say how to write a table.

    Raises:
        UsageError: If the ending is not ``.parquet``, ``.csv`` or ``.jsonl``.
    """
    if path.suffix not in (".parquet", ".csv", ".jsonl"):
        raise UsageError(f"{path}: the ending {path.suffix!r} is unknown; expected .parquet, .csv or .jsonl.")


def table_schema(provenance: Mapping[str, Any]) -> dict[str, pl.DataType]:
    """The columns of a table, by the metrics (and the video) that its provenance tells of."""
    columns: dict[str, pl.DataType] = {"reference": pl.String(), "distorted": pl.String()}
    if "video" in provenance:
        columns |= {"frame": pl.Int64(), "time": pl.Float64(), "pooled": pl.String()}
    columns |= {name: pl.Float64() for name in provenance["metrics"]}
    return columns | {"error": pl.String()}


def plain_rows(frame: pl.DataFrame, metrics: Collection[str]) -> list[dict[str, Any]]:
    """Rows that strict JSON can hold: an infinite score becomes ``None``, as a failed one is.

    A row with infinite scores names them under ``infinite``: ``{"psnr": "inf"}``, or ``"-inf"``.
    """
    rows = frame.to_dicts()
    for row in rows:
        infinite = {name: row[name] for name in metrics if not math.isfinite(row[name] or 0)}
        if infinite:
            row |= dict.fromkeys(infinite)
            row["infinite"] = {name: str(score) for name, score in infinite.items()}
    return rows


def sidecar(path: Path) -> Path:
    """Where the provenance of a table stands that cannot hold it."""
    return path.with_name(path.name + SIDECAR)


def write_scores(
    rows: pl.LazyFrame, provenance: Mapping[str, Any], path: Path, *, room: Path | None = None
) -> None:
    """`write_table` of the columns of `table_schema`."""
    write_table(rows, provenance, path, scores=provenance["metrics"], room=room)


def write_table(
    rows: pl.LazyFrame,
    provenance: Mapping[str, Any],
    path: Path,
    *,
    scores: Collection[str] = (),
    room: Path | None = None,
) -> None:
    """Write a table as its ending says, whole or not at all; rows are read as they are written.

    Args:
        rows: The table.
        provenance: Where the numbers come from: in Parquet's metadata, else beside the file.
        path: The file.
        scores: Columns that may hold infinite numbers, which JSON Lines name as `plain_rows` does.
        room: A folder on the same disk for what is half written; by default the file's own.

    Raises:
        UsageError: If the ending is unknown.
        OSError: If the disk is full, or does not let it be written.
    """
    path = Path(os.path.realpath(path))  # what a link leads to is written, not the link
    check_ending(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(provenance, ensure_ascii=False, allow_nan=False)
    if path.suffix == ".parquet":
        with replacing(path, room) as partial:
            rows.sink_parquet(partial, metadata={METADATA_KEY: text})
        return
    with replacing(sidecar(path), room) as described, replacing(path, room) as partial:
        if path.suffix == ".csv":
            rows.sink_csv(partial)
        else:
            _write_lines(rows, scores, partial)
        described.write_text(text + "\n", encoding="utf-8")


def _write_lines(rows: pl.LazyFrame, scores: Collection[str], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for slice_ in rows.collect_batches(maintain_order=True):
            for row in plain_rows(slice_, scores):
                file.write(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n")


@contextlib.contextmanager
def replacing(path: Path, room: Path | None = None) -> Iterator[Path]:
    """A file to write to, which then takes the other's place; neither a crash nor a power cut leaves half of it.

    Args:
        path: The file.
        room: A folder on the same disk for what is half written; by default the file's own.

    Raises:
        OSError: If the disk is full, or does not let it be written.
    """
    with tempfile.TemporaryDirectory(dir=room or path.parent, prefix=f".{path.name}.") as folder:
        partial = Path(folder) / path.name
        try:
            yield partial
        except pl.exceptions.PolarsError as error:  # what polars makes of a full disk
            raise OSError(str(error)) from error
        _settle(partial)
        partial.replace(path)
    _settle(path.parent)


def _settle(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk itself."""
    if path.is_dir() and os.name != "posix":
        return  # only there folders can be opened
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
