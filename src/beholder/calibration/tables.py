"""Measured judgements as tables, so that statistics need no pictures."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from beholder.calibration.measured import MeasuredSet
from beholder.data.judged.rows import ANSWERS
from beholder.scoring.writing import METADATA_KEY, check_ending, sidecar, write_table
from beholder.spec import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from beholder.data.judged.rows import Better, Kind

__all__ = ["read_measured", "save_table", "write_measured"]

_PARTS = ("subset", "distortion")
_READERS: dict[str, Callable[[Path], pl.DataFrame]] = {
    ".parquet": pl.read_parquet,
    ".csv": partial(pl.read_csv, infer_schema_length=None),  # 1, 1, 1, ... 0.4
    ".jsonl": partial(pl.read_ndjson, infer_schema_length=None),
}
_DISTANCES: dict[Kind, tuple[str, ...]] = {"triplets": ("d0", "d1"), "pairs": ("d",), "ratings": ("d",)}
_EXPECTED = "d0, d1 and judge, or d and same, or d and opinion; of several metrics d0:NAME, d1:NAME or d:NAME"


def write_measured(measured: MeasuredSet, path: str | Path) -> None:
    """Write a table that `read_measured` reads: Parquet, CSV or JSON Lines by its ending.

    Raises:
        UsageError: If the ending is another, or it cannot be written.
    """
    columns = {ANSWERS[measured.kind]: measured.answers, **measured.parts}
    if measured.grouped:
        columns["group"] = measured.groups
    for name, distances in measured.distances.items():
        for place, prefix in enumerate(_DISTANCES[measured.kind]):
            columns[f"{prefix}:{name}"] = distances[:, place]
    if measured.votes is not None:
        columns["votes"] = measured.votes
    if measured.has_standard_errors and measured.standard_errors is not None:
        columns["standard_error"] = measured.standard_errors
    if measured.kind == "ratings":
        columns["better"] = np.full(len(measured), measured.better)
    save_table(pl.DataFrame(columns), measured.provenance, Path(path))


def save_table(frame: pl.DataFrame, provenance: Mapping[str, Any], path: Path) -> None:
    """Write a table, whole or not at all, with where its numbers come from; what is no number is left empty.

    Raises:
        UsageError: If the ending is none of ``.parquet``, ``.csv`` and ``.jsonl``, or it cannot be written.
    """
    try:
        write_table(frame.fill_nan(None).lazy(), provenance, path)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror or error}.") from error


def read_measured(path: str | Path) -> MeasuredSet:
    """Read a table of judgements and distances.

    Columns: ``judge`` with ``d0`` and ``d1``, ``same`` with ``d``, or ``opinion`` with ``d``; of several metrics
    ``d0:NAME`` and so on. Distances are lower where pictures are nearer. ``subset``, ``distortion`` and ``group`` (rows of
    one reference) where they are known, ``votes`` (how many answered) and ``standard_error`` of opinions, too; ``better`` (``higher`` or ``lower``) tells which opinion is the better one. A
    single metric without a name is called by the file's.

    Raises:
        UsageError: If the file cannot be read, has other columns, or a number is missing or no number.
    """
    path = Path(path)
    check_ending(path)
    try:
        frame = _READERS[path.suffix](path)
    except (OSError, pl.exceptions.PolarsError) as error:
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise UsageError(f"{path}: cannot be read: {reason}.") from error
    kinds = [kind for kind, answer in ANSWERS.items() if answer in frame.columns]
    if len(kinds) != 1:
        raise UsageError(f"{path}: found the columns {', '.join(frame.columns)}; expected {_EXPECTED}.")
    kind = kinds[0]
    if not len(frame):
        raise UsageError(f"{path}: has no rows; expected at least one.")
    grouped = "group" in frame.columns
    return MeasuredSet(
        kind=kind,
        answers=_numbers(path, frame, ANSWERS[kind]),
        distances=_distances(path, frame, kind),
        parts={
            name: frame[name].cast(pl.String).fill_null("").to_numpy()
            for name in _PARTS
            if name in frame.columns
        },
        groups=frame["group"].cast(pl.String).fill_null("").to_numpy() if grouped else np.arange(len(frame)),
        grouped=grouped,
        votes=_votes(path, frame),
        standard_errors=_standard_errors(path, frame),
        better=_better(path, frame),
        places=np.arange(len(frame)),
        provenance=_provenance(path),
    )


def _provenance(path: Path) -> dict[str, Any]:
    """Where the distances come from, if the table tells."""
    beside = sidecar(path)
    try:
        if path.suffix == ".parquet":
            text = pl.read_parquet_metadata(path).get(METADATA_KEY)
        else:
            text = beside.read_text(encoding="utf-8") if beside.is_file() else None
        told = json.loads(text or "{}")
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: its provenance cannot be read: {error}.") from error
    return told if isinstance(told, dict) else {}


def _better(path: Path, frame: pl.DataFrame) -> Better:
    told = set(frame["better"].to_list()) if "better" in frame.columns else {"higher"}
    if told == {"higher"}:
        return "higher"
    if told == {"lower"}:
        return "lower"
    raise UsageError(
        f"{path}: better is {', '.join(map(str, sorted(map(str, told))))}; expected higher or lower, in all rows."
    )


def _votes(path: Path, frame: pl.DataFrame) -> NDArray[np.int64] | None:
    """How many people answered, 0 where a cell is empty."""
    if "votes" not in frame.columns:
        return None
    column = frame["votes"]
    if not (column.dtype.is_numeric() or column.dtype == pl.Null):
        raise UsageError(f"{path}: found {column.dtype} under votes; expected whole numbers.")
    votes = column.cast(pl.Float64).fill_null(0).to_numpy()
    if strange := np.flatnonzero(~(votes >= 0) | (votes % 1 != 0))[:1].tolist():
        raise UsageError(
            f"{path}, row {strange[0] + 1}: votes is {column[strange[0]]}; expected a whole number from 0."
        )
    return votes.astype(np.int64) if votes.any() else None


def _standard_errors(path: Path, frame: pl.DataFrame) -> NDArray[np.float64] | None:
    """Of opinions, NaN where a cell is empty."""
    if "standard_error" not in frame.columns:
        return None
    column = frame["standard_error"]
    if not (column.dtype.is_numeric() or column.dtype == pl.Null):
        raise _no_numbers(path, column)
    errors = column.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    if strange := np.flatnonzero((errors < 0) | np.isinf(errors))[:1].tolist():
        raise UsageError(
            f"{path}, row {strange[0] + 1}: standard_error is {errors[strange[0]]}; expected a number from 0, or none."
        )
    return errors


def _distances(path: Path, frame: pl.DataFrame, kind: Kind) -> dict[str, NDArray[np.float64]]:
    first, *_ = prefixes = _DISTANCES[kind]
    names = {path.stem: prefixes} if first in frame.columns else {}
    for column in frame.columns:
        prefix, separator, name = column.partition(":")
        if separator and prefix == first:
            names[name] = tuple(f"{each}:{name}" for each in prefixes)
    if not names:
        raise UsageError(f"{path}: found the columns {', '.join(frame.columns)}; expected {_EXPECTED}.")
    return {
        name: np.stack([_numbers(path, frame, column) for column in columns], 1)
        for name, columns in names.items()
    }


def _no_numbers(path: Path, column: pl.Series) -> UsageError:
    """The error of a column of another type, with the first value that is no number."""
    strange = (
        column.cast(pl.Float64, strict=False).fill_nan(None).is_null()
        if column.dtype == pl.String
        else column.is_not_null()
    ).arg_max()
    row = strange or 0
    return UsageError(f"{path}, row {row + 1}: found {column[row]!r} under {column.name}; expected numbers.")


def _numbers(path: Path, frame: pl.DataFrame, column: str) -> NDArray[np.float64]:
    if column not in frame.columns:
        raise UsageError(f"{path}: has no column {column}; expected {_EXPECTED}.")
    if not frame[column].dtype.is_numeric():
        raise _no_numbers(path, frame[column])
    numbers = frame[column].cast(pl.Float64).to_numpy()
    if strange := np.flatnonzero(~np.isfinite(numbers))[:1].tolist():
        raise UsageError(
            f"{path}, row {strange[0] + 1}: {column} is {frame[column][strange[0]]}; expected a number."
        )
    return numbers
