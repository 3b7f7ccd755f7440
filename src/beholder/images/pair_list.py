"""Which distorted picture belongs to which reference, by a list."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

from beholder.images.pairing import Pair, Pairing
from beholder.images.source import shown
from beholder.spec import PairingError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["read_pairs"]

_COLUMNS = ("reference", "distorted")
_OTHER_SEPARATORS = {";": "';'", "\t": "tabs", "|": "'|'"}
_REMEDY = "expected a CSV file; save it as 'CSV UTF-8 (comma delimited)'"


def read_pairs(path: str | Path) -> Pairing:
    """Read pairs from a CSV file with the columns ``reference`` and ``distorted``, in small letters or capitals.

    Other columns are passed over, and so are blanks around a cell. Relative paths start at the CSV file's
    folder. The files themselves are not looked for: one that is missing fails when it is read, and the others
    go on.

    Args:
        path: The CSV file, UTF-8 with or without a byte order mark, separated by commas.

    Returns:
        The pairs in the file's order.

    Raises:
        PairingError: If the file cannot be read, is no CSV in UTF-8, lacks a column or any row, or has an empty
            cell.
    """
    path = Path(path)
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            raise PairingError(
                f"{shown(path)}: found a pipe or a device; expected a CSV file: save it as one first"
            )
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        # ValueError: a name that no file can have, such as one with a null character
        why = getattr(error, "strerror", None) or error
        raise PairingError(
            f"{shown(path)}: the list of pairs cannot be read ({why}); expected a CSV file"
        ) from error
    pairs = tuple(_pairs(path, _rows(path, _decode(path, content))))
    if not pairs:
        raise PairingError(f"{shown(path)}: found no rows below the header; expected at least one pair")
    return Pairing(pairs)


def _decode(path: Path, content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in content:
        raise PairingError(f"{shown(path)}: found text in UTF-16, or no text at all; {_REMEDY}")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise PairingError(
            f"{shown(path)}, line {line}: found the byte 0x{content[error.start]:02x}, which is not UTF-8; {_REMEDY}"
        ) from error


def _rows(path: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not empty, each with the line that it starts on, without blanks around the cells."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, skipinitialspace=True)
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise PairingError(
                f"{shown(path)}, line {line}: found a row that is not CSV ({error}); expected every quote that "
                "is opened in it to be closed, and a comma after that"
            ) from error
        if row is None:
            return
        if row:
            yield line, [cell.strip() for cell in row]


def _pairs(path: Path, rows: Iterator[tuple[int, list[str]]]) -> Iterator[Pair]:
    line, header = next(rows, (1, []))
    names = [name.casefold() for name in header]
    if any(names.count(name) != 1 for name in _COLUMNS):
        raise PairingError(
            f"{shown(path)}, line {line}: found the columns {header}{_hint(names)}; expected "
            f"{' and '.join(_COLUMNS)}, once each, separated by commas"
        )
    places = [names.index(name) for name in _COLUMNS]
    for line, row in rows:
        if len(row) > len(header):
            raise PairingError(
                f"{shown(path)}, line {line}: found {len(row)} cells below {len(header)} columns; expected as many. "
                "Put a path that holds a comma between double quotes"
            )
        cells = [row[place] if place < len(row) else "" for place in places]
        empty = [name for name, cell in zip(_COLUMNS, cells, strict=True) if not cell]
        if empty:
            raise PairingError(
                f"{shown(path)}, line {line}: found nothing under {' and '.join(empty)}; expected a path to a "
                "picture"
            )
        # an absolute path replaces the folder it is joined to
        yield Pair(*(path.parent / cell for cell in cells))


def _hint(names: list[str]) -> str:
    if set(_COLUMNS).issubset(names):
        return ""
    for separator, words in _OTHER_SEPARATORS.items():
        parts = {part.strip() for name in names for part in name.split(separator)}
        if parts.issuperset(_COLUMNS):
            return f", which seem to be separated by {words}"
    return ""
