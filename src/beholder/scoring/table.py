"""The table of scores, and its files."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from typing import TYPE_CHECKING, Any

import polars as pl

from beholder.images.addresses import LocalFile, as_file
from beholder.scoring.storing import writing
from beholder.scoring.writing import (
    METADATA_KEY,
    SIDECAR,
    check_ending,
    plain_rows,
    sidecar,
    table_schema,
    write_scores,
)
from beholder.spec import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from beholder.images import File

__all__ = ["ScoreTable", "StoredScores"]


@dataclasses.dataclass(frozen=True)
class StoredScores:
    """Scores that are on the disk, read as they are needed: any number of them.

    Attributes:
        frame: The columns of a `ScoreTable`.
        provenance: Where the numbers come from.
        held: The file that is read, where it may be a copy.
    """

    frame: pl.LazyFrame
    provenance: Mapping[str, Any]
    held: LocalFile | None = None

    @classmethod
    def open(cls, path: File) -> StoredScores:
        """Scores in a file; of Parquet only the provenance is read now.

        Raises:
            UsageError: If it is missing, or no table of scores.
            AddressError: If its address cannot be had.
        """
        if path.suffix != ".parquet":
            return ScoreTable.load(path).stored()
        held = LocalFile(path)
        frame = pl.scan_parquet(held.path)
        with _refusing(path):
            provenance = _read_provenance(held.path)
            _check_whole(frame.collect_schema().names(), frame.select(pl.len()).collect().item(), provenance)
        return cls(frame, provenance, held)

    def head(self, most: int) -> ScoreTable:
        """The first rows; of videos, all of them."""
        rows = self.frame if "video" in self.provenance else self.frame.head(most)
        return ScoreTable(rows.collect(engine="streaming"), self.provenance)

    def failures(self, most: int) -> list[str]:
        """What failed, in words, of the first rows with an error."""
        failed = self.frame.filter(pl.col("error").is_not_null()).head(most).collect(engine="streaming")
        return [
            row["error"]
            if row["error"].startswith((row["distorted"], row["reference"]))
            else f"{row['distorted']}: {row['error']}"
            for row in failed.iter_rows(named=True)
        ]

    def slices(self) -> Iterator[list[dict[str, Any]]]:
        """The rows, some at a time, as strict JSON can hold them: see `ScoreTable.to_rows`."""
        for frame in self.frame.collect_batches(maintain_order=True):
            yield plain_rows(frame, self.provenance["metrics"])

    def worst(self, most: int) -> tuple[ScoreTable, list[int]]:
        """The rows that are least alike by the first metric, in their order, and their places among all.

        Rows without its score come last. Of videos, all rows.
        """
        count = self.provenance["rows"]
        if count <= most or "video" in self.provenance:
            return self.head(count), list(range(count))
        name, spec = next(iter(self.provenance["metrics"].items()))
        # By the scores alone: to sort whole rows takes a quarter of a gigabyte.
        scores = self.frame.select(name).with_row_index("place")
        pick = scores.bottom_k if spec["direction"] == "higher" else scores.top_k
        places = pick(most, by=name).select("place").sort("place").collect(engine="streaming").to_series()
        rows, first = [], 0
        for batch in self.frame.collect_batches(maintain_order=True):
            here = places.filter(places.is_between(first, first + batch.height, closed="left")) - first
            rows += batch[here].to_dicts()  # a frame of them would hold the text of all that were passed over
            first += batch.height
        return ScoreTable(
            pl.DataFrame(rows, schema=table_schema(self.provenance)), self.provenance
        ), places.to_list()


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
        return cls(pl.DataFrame(rows, schema=table_schema(provenance)), {**provenance, "rows": len(rows)})

    def to_rows(self) -> list[dict[str, Any]]:
        """Rows that strict JSON can hold: an infinite score becomes ``None``, as a failed one is.

        A row with infinite scores names them under ``infinite``: ``{"psnr": "inf"}``, or ``"-inf"``.
        """
        return plain_rows(self.frame, self.metrics)

    def stored(self) -> StoredScores:
        """The same, as what reads scores from the disk takes them."""
        return StoredScores(self.frame.lazy(), self.provenance)

    def save(self, path: str | Path) -> None:
        """Write ``.parquet``, ``.csv`` or ``.jsonl`` (JSON Lines), whole or not at all.

        Parquet holds the provenance in its metadata; beside the others it stands in
        ``NAME.provenance.json``. CSV writes an infinite score as ``inf``; JSON Lines as `to_rows` does.

        Raises:
            UsageError: If the ending is none of these.
            OSError: If the disk is full, or does not let it be written.
            AddressError: If it is an address, and the store does not take it.
        """
        path = as_file(path)
        check_ending(path)  # here, where the name is the one that was given
        with writing(path) as file:
            write_scores(self.frame.lazy(), self.provenance, file)

    @classmethod
    def load(cls, path: str | Path) -> ScoreTable:
        """Read what `save` wrote.

        Raises:
            UsageError: If the file, or the provenance that belongs beside it, is missing or of another kind.
            AddressError: If its address cannot be had.
        """
        path = as_file(path)
        check_ending(path)
        whole = path.suffix == ".parquet"
        held = LocalFile(path) if whole else LocalFile(path, SIDECAR)
        for needed in (held.path,) if whole else (held.path, sidecar(held.path)):
            if not needed.is_file():
                raise UsageError(f"{needed}: there is no such file.")
        with _refusing(path):
            table = cls._read(held.path)
            _check_whole(table.frame.columns, table.frame.height, table.provenance)
        return table

    @classmethod
    def _read(cls, path: Path) -> ScoreTable:
        if path.suffix == ".parquet":
            return cls(pl.read_parquet(path), _read_provenance(path))
        provenance = json.loads(sidecar(path).read_text(encoding="utf-8"))
        if path.suffix == ".csv":
            return cls(pl.read_csv(path, schema_overrides=table_schema(provenance)), provenance)
        lines = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
        rows = [json.loads(line) for line in lines if line]
        for row in rows:
            row |= {name: float(score) for name, score in row.pop("infinite", {}).items()}
        return cls(pl.DataFrame(rows, schema=table_schema(provenance)), provenance)


@contextlib.contextmanager
def _refusing(path: File) -> Iterator[None]:
    try:
        yield
    except (pl.exceptions.PolarsError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{path}: cannot be read as a table of scores: {error}") from error


def _read_provenance(path: Path) -> dict[str, Any]:
    text = pl.read_parquet_metadata(path).get(METADATA_KEY)
    if text is None:
        raise ValueError("it was not written by Beholder")
    provenance: dict[str, Any] = json.loads(text)
    return provenance


def _check_whole(found: list[str], rows: int, provenance: Mapping[str, Any]) -> None:
    expected = list(table_schema(provenance))
    if found != expected:
        raise ValueError(f"its columns are {', '.join(found)}; its provenance tells of {', '.join(expected)}")
    if rows != provenance["rows"]:
        raise ValueError(f"it holds {rows} rows of {provenance['rows']}; it is cut or added to")
