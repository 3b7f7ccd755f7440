"""Judgements in a Parquet file: the pictures' bytes in it, or paths beside it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from beholder.data.judged.listing import Listing
from beholder.data.judged.rows import ANSWERS, PICTURES, PictureFile
from beholder.data.judged.sets import JudgementSet, ListedSet
from beholder.spec import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from beholder.data.judged.findings import Findings
    from beholder.data.judged.rows import Better, Kind

__all__ = ["LAYOUT", "METADATA_KEY", "ROWS_PER_GROUP", "is_packed", "read_packed"]

LAYOUT = "a .parquet file with the columns reference, p0, p1 and judge; p0, p1 and same; or reference, distorted and opinion"
METADATA_KEY = "beholder.judgements"
ROWS_PER_GROUP = 64  # read at a time where the file does not tell
_TEXTS = ("subset", "group", "distortion0", "distortion1", "distortion", "name")
_NUMBERS = ("level", "standard_error")
_FORM = "Parquet"


class _PackedSet(JudgementSet):
    """Rows whose pictures are bytes in the file; one group of rows is in memory at a time."""

    def __init__(
        self, kind: Kind, path: Path, columns: Mapping[str, NDArray[Any]], better: Better | None, step: int
    ) -> None:
        super().__init__(kind, _FORM, path, columns, better)
        self._step = step
        self._read: tuple[int, pl.DataFrame] | None = None

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_read": None}

    def files(self, place: int) -> tuple[PictureFile, ...]:
        start = place - place % self._step
        if (read := self._read) is None or read[0] != start:
            frame = _collect(
                self.path, pl.scan_parquet(self.path).select(PICTURES[self.kind]).slice(start, self._step)
            )
            self._read = read = start, frame
        cells = read[1].row(place - start)
        return tuple(
            PictureFile(f"{self.path}, row {place + 1}, {name}", data=data or b"")
            for name, data in zip(PICTURES[self.kind], cells, strict=True)
        )


def is_packed(path: Path) -> bool:
    """Whether a file is a Parquet file, by its first bytes or its ending."""
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return file.read(4) == b"PAR1" or path.suffix.lower() == ".parquet"
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}); check its permissions.") from error


def read_packed(
    path: Path,
    findings: Findings,
    tell: Callable[[int, int], object],  # noqa: ARG001 -- columns without pictures
) -> list[JudgementSet]:
    """The rows of a Parquet file: of its pictures nothing is read, of the rest all.

    Raises:
        UsageError: If it is no such file.
    """
    try:
        schema = pl.read_parquet_schema(path)
        told = json.loads(pl.read_parquet_metadata(path).get(METADATA_KEY) or "{}")
    except (OSError, ValueError, pl.exceptions.PolarsError) as error:
        raise UsageError(
            f"{path}: cannot be read ({_flat(error)}); expected a whole Parquet file."
        ) from error
    kind = _kind(path, schema)
    stored = {schema[name] for name in PICTURES[kind]}
    if stored not in ({pl.Binary()}, {pl.String()}):
        raise UsageError(
            f"{path}: found {', '.join(map(str, stored))} under {', '.join(PICTURES[kind])}; expected paths (text) "
            "or the bytes of picture files (binary) in all of them."
        )
    frame = _collect(path, pl.scan_parquet(path).select(_small(kind, schema, path)))
    whole = _check(kind, path, frame, findings)
    columns = _columns(kind, frame)
    told = told if isinstance(told, dict) else {}
    better = _better(kind, path, told)
    if stored == {pl.Binary()}:
        step = told.get("rows_per_group")
        if not isinstance(step, int) or step < 1:
            step = ROWS_PER_GROUP
        packed: JudgementSet = _PackedSet(kind, path, columns, better, step)
    else:
        files = _collect(path, pl.scan_parquet(path).select(PICTURES[kind])).rows()
        whole &= _there(path, files, findings)
        packed = ListedSet(kind, _FORM, path, columns, files, better)
    packed.number_type = "<f4" if schema[ANSWERS[kind]] == pl.Float32 else "<f8"
    return [packed if whole.all() else packed.choose(whole)]


def _kind(path: Path, schema: Mapping[str, pl.DataType]) -> Kind:
    for kind, answer in ANSWERS.items():
        if answer in schema and all(name in schema for name in PICTURES[kind]):
            return kind
    raise UsageError(f"{path}: found the columns {', '.join(schema)}; expected {LAYOUT}.")


def _small(kind: Kind, schema: Mapping[str, pl.DataType], path: Path) -> list[pl.Expr]:
    """The columns without pictures."""
    answer = ANSWERS[kind]
    if not schema[answer].is_numeric():
        raise UsageError(f"{path}: found {schema[answer]} under {answer}; expected numbers.")
    chosen = [pl.col(answer).cast(pl.Float64)]
    chosen += [pl.col(name).cast(pl.String).fill_null("") for name in _TEXTS if name in schema]
    if "votes" in schema:
        chosen.append(pl.col("votes").cast(pl.Int64).fill_null(0))
    numbers = [name for name in _NUMBERS if name in schema]
    chosen += [pl.col(name).cast(pl.Float64).fill_null(float("nan")) for name in numbers]
    return chosen


def _check(kind: Kind, path: Path, frame: pl.DataFrame, findings: Findings) -> NDArray[np.bool_]:
    """Which rows are whole."""
    answer = ANSWERS[kind]
    shares = frame[answer].to_numpy()
    good: NDArray[np.bool_] = np.isfinite(shares)
    expected = "a number"
    if kind != "ratings":
        good, expected = good & (shares >= 0) & (shares <= 1), "a share in [0, 1]"
    for place in np.flatnonzero(~good):
        findings.add(f"{path}, row {place + 1}", f"no {expected} under {answer}", expected)
    if not len(frame):
        findings.add(path, "no rows", "at least one")
    return good


def _columns(kind: Kind, frame: pl.DataFrame) -> dict[str, NDArray[Any]]:
    columns: dict[str, NDArray[Any]] = {ANSWERS[kind]: frame[ANSWERS[kind]].to_numpy()}
    for name in frame.columns:
        if name in _TEXTS:
            columns[name] = np.array(frame[name].to_list(), dtype=np.str_)
        elif name in ("votes", *_NUMBERS):
            columns[name] = frame[name].to_numpy()
    if "group" in columns and (columns["group"] == "").any():
        del columns["group"]  # found from the pictures' bytes instead
    return columns


def _better(kind: Kind, path: Path, told: Mapping[str, Any]) -> Better | None:
    if kind != "ratings":
        return None
    if told.get("better") not in ("higher", "lower"):
        raise UsageError(
            f"{path}: does not tell whether a higher or a lower opinion is the better; write it with "
            f'write_judgements, or put {{"better": "higher"}} into its metadata under {METADATA_KEY}.'
        )
    return "higher" if told["better"] == "higher" else "lower"


def _there(path: Path, files: list[tuple[str | None, ...]], findings: Findings) -> NDArray[np.bool_]:
    """Which rows have all their files."""
    folder, listing, good = path.parent, Listing(path.parent), np.ones(len(files), dtype=bool)
    for place, names in enumerate(files):
        for name in names:
            if not name:
                good[place] = False
                findings.add(f"{path}, row {place + 1}", "nothing in place of a path", "a picture")
                continue
            plain = not name.startswith("/") and ".." not in name and "\\" not in name
            if not (listing.find(name) == name if plain else (folder / name).is_file()):
                good[place] = False
                findings.add(folder / name, "no such file", "each picture that the table names")
    return good


def _collect(path: Path, rows: pl.LazyFrame) -> pl.DataFrame:
    try:
        return rows.collect()
    except (OSError, pl.exceptions.PolarsError) as error:
        raise UsageError(
            f"{path}: cannot be read ({_flat(error)}); expected a whole Parquet file."
        ) from error


def _flat(error: Exception) -> str:
    return " ".join(str(error).split())
