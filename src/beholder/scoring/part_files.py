"""The files that a run's rows are kept in: CSV, whose names tell which turns they hold.

The first column is a row's place in the table, the last one what was noted of its files.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import polars as pl

from beholder.scoring.writing import replacing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

__all__ = [
    "NOTES",
    "PLACE",
    "Schema",
    "is_part",
    "name_part",
    "part_schema",
    "place_of",
    "read_lines",
    "turns_of",
    "write_line",
    "write_part",
]

PLACE, NOTES = "\0place", "\0notes"  # columns that no metric can have
_LINE = re.compile(r'(?:[^"\n]|"[^"]*")*\n')  # names may hold line breaks
_NAME = re.compile(r"rows-\d+-\d+\.csv")

Schema = dict[str, pl.DataType]


def part_schema(table: Mapping[str, pl.DataType]) -> Schema:
    """The columns of a part, by those of the table."""
    return {PLACE: pl.Int64(), **table, NOTES: pl.String()}


def name_part(first: int, end: int) -> str:
    """The name of a part from one turn to before another."""
    return f"rows-{first:010}-{end:010}.csv"


def is_part(file: Path) -> bool:
    """Whether a file is one, by its name."""
    return _NAME.fullmatch(file.name) is not None


def turns_of(file: Path) -> tuple[int, int]:
    """The first turn in a part, and the one behind its last."""
    _, first, end = file.stem.split("-")
    return int(first), int(end)


def write_line(schema: Schema, place: int, row: Mapping[str, Any], notes: Sequence[str]) -> str:
    """A row as it stands in a part."""
    told = {PLACE: place, **row, NOTES: json.dumps(notes, ensure_ascii=False) if notes else None}
    return ",".join(_cell(told.get(name)) for name in schema) + "\n"


def write_part(file: Path, schema: Schema, lines: Iterable[str]) -> None:
    """Write a part, whole or not at all.

    Raises:
        OSError: If the disk is full, or does not let it be written.
    """
    with replacing(file) as partial, partial.open("w", encoding="utf-8", newline="") as opened:
        opened.write(",".join(map(_cell, schema)) + "\n")
        opened.writelines(lines)


def read_lines(file: Path) -> list[str]:
    """The rows of a part, as they stand there."""
    with file.open(encoding="utf-8", newline="") as opened:
        return _LINE.findall(opened.read())[1:]


def place_of(line: str) -> int:
    """The place of a row."""
    return int(line.partition(",")[0])


def _cell(value: object) -> str:
    """A cell of CSV: numbers with all of their digits, text between quotes, so that none is taken for nothing."""
    if value is None:
        return ""
    return '"' + value.replace('"', '""') + '"' if isinstance(value, str) else repr(value)
