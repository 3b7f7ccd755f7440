"""The table of scores, and its files."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from beholder.spec import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["ScoreTable", "check_ending"]

_METADATA_KEY = "beholder"


@dataclasses.dataclass(frozen=True)
class ScoreTable:
    """A row per pair, a column per metric, and where the numbers come from.

    Attributes:
        frame: Columns ``reference`` and ``distorted`` (paths), one per metric (Float64, null where it
            failed), and ``error`` (what failed, null where nothing did). Of videos there is a row per frame, with
            ``frame`` (index) and ``time`` (seconds), and last a row per pooling, named in ``pooled``.
        provenance: Versions, device, precision, settings, warnings, and for every metric its specification
            and the SHA-256 of its weights. JSON can hold it.
    """

    frame: pl.DataFrame
    provenance: Mapping[str, Any]

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of the metric columns, in order."""
        return tuple(self.provenance["metrics"])

    @property
    def pairs(self) -> pl.DataFrame:
        """The rows of pairs, or of a video's frames, without those that pool frames."""
        return self.frame.filter(pl.col("pooled").is_null()) if "pooled" in self.frame.columns else self.frame

    @property
    def failed(self) -> pl.DataFrame:
        """The rows with an error."""
        return self.frame.filter(pl.col("error").is_not_null())

    @classmethod
    def from_rows(cls, rows: Sequence[Mapping[str, Any]], provenance: Mapping[str, Any]) -> ScoreTable:
        """Build the table from one mapping per row."""
        return cls(pl.DataFrame(rows, schema=_schema(provenance)), {**provenance, "rows": len(rows)})

    def to_rows(self) -> list[dict[str, Any]]:
        """Rows that strict JSON can hold: an infinite score becomes ``None``, as a failed one is.

        A row with infinite scores names them under ``infinite``: ``{"psnr": "inf"}``, or ``"-inf"``.
        """
        rows = self.frame.to_dicts()
        for row in rows:
            infinite = {name: row[name] for name in self.metrics if not math.isfinite(row[name] or 0)}
            if infinite:
                row |= dict.fromkeys(infinite)
                row["infinite"] = {name: str(score) for name, score in infinite.items()}
        return rows

    def save(self, path: str | Path) -> None:
        """Write ``.parquet``, ``.csv`` or ``.jsonl`` (JSON Lines), whole or not at all.

        Parquet holds the provenance in its metadata; beside the others it stands in
        ``NAME.provenance.json``. CSV writes an infinite score as ``inf``; JSON Lines as `to_rows` does.

        Raises:
            UsageError: If the ending is none of these.
            OSError: If the disk is full, or does not let it be written.
        """
        path = Path(os.path.realpath(path))  # what a link leads to is written, not the link
        check_ending(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(self.provenance, ensure_ascii=False, allow_nan=False)
        if path.suffix == ".parquet":
            _write(path, lambda target: self.frame.write_parquet(target, metadata={_METADATA_KEY: text}))
            return
        if path.suffix == ".csv":
            _write(path, self.frame.write_csv)
        else:
            lines = [json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n" for row in self.to_rows()]
            _write(path, lambda target: target.write_text("".join(lines), encoding="utf-8"))
        _write(_sidecar(path), lambda target: target.write_text(text + "\n", encoding="utf-8"))

    @classmethod
    def load(cls, path: str | Path) -> ScoreTable:
        """Read what `save` wrote.

        Raises:
            UsageError: If the file, or the provenance that belongs beside it, is missing or of another kind.
        """
        path = Path(path)
        check_ending(path)
        for needed in (path,) if path.suffix == ".parquet" else (path, _sidecar(path)):
            if not needed.is_file():
                raise UsageError(f"{needed}: there is no such file.")
        try:
            table = cls._read(path)
            _check_whole(table)
        except (pl.exceptions.PolarsError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise UsageError(f"{path}: cannot be read as a table of scores: {error}") from error
        return table

    @classmethod
    def _read(cls, path: Path) -> ScoreTable:
        if path.suffix == ".parquet":
            text = pl.read_parquet_metadata(path).get(_METADATA_KEY)
            if text is None:
                raise UsageError(f"{path}: this Parquet file was not written by Beholder.")
            return cls(pl.read_parquet(path), json.loads(text))
        provenance = json.loads(_sidecar(path).read_text(encoding="utf-8"))
        if path.suffix == ".csv":
            return cls(pl.read_csv(path, schema_overrides=_schema(provenance)), provenance)
        lines = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
        rows = [json.loads(line) for line in lines if line]
        for row in rows:
            row |= {name: float(score) for name, score in row.pop("infinite", {}).items()}
        return cls(pl.DataFrame(rows, schema=_schema(provenance)), provenance)


def check_ending(path: Path) -> None:
    """Refuse a file whose ending does not say how to write a table.

    Raises:
        UsageError: If the ending is not ``.parquet``, ``.csv`` or ``.jsonl``.
    """
    if path.suffix not in (".parquet", ".csv", ".jsonl"):
        raise UsageError(f"{path}: the ending {path.suffix!r} is unknown; expected .parquet, .csv or .jsonl.")


def _check_whole(table: ScoreTable) -> None:
    expected, found = list(_schema(table.provenance)), table.frame.columns
    if found != expected:
        raise ValueError(f"its columns are {', '.join(found)}; its provenance tells of {', '.join(expected)}")
    if table.frame.height != table.provenance["rows"]:
        raise ValueError(
            f"it holds {table.frame.height} rows of {table.provenance['rows']}; it is cut or added to"
        )


def _schema(provenance: Mapping[str, Any]) -> dict[str, pl.DataType]:
    columns: dict[str, pl.DataType] = {"reference": pl.String(), "distorted": pl.String()}
    if "video" in provenance:
        columns |= {"frame": pl.Int64(), "time": pl.Float64(), "pooled": pl.String()}
    columns |= {name: pl.Float64() for name in provenance["metrics"]}
    return columns | {"error": pl.String()}


def _sidecar(path: Path) -> Path:
    return path.with_name(path.name + ".provenance.json")


def _write(path: Path, write: Callable[[Path], object]) -> None:
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        partial = Path(folder) / path.name
        try:
            write(partial)
        except pl.exceptions.PolarsError as error:  # what polars makes of a full disk
            raise OSError(str(error)) from error
        partial.replace(path)
