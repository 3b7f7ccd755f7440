"""Pairs from a CSV file."""

from __future__ import annotations

import codecs
import csv
import itertools
from typing import TYPE_CHECKING

from beholder.images.pair_list import COLUMNS, PairList
from beholder.images.source import shown
from beholder.spec import PairingError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from beholder.images.addresses import File

__all__ = ["CsvList"]

_OTHER_SEPARATORS = {";": "';'", "\t": "tabs", "|": "'|'"}
_REMEDY = "expected a CSV file; save it as 'CSV UTF-8 (comma delimited)'"
_CHUNK = 1 << 20


class CsvList(PairList):
    """Pairs from a CSV file, UTF-8 with or without a byte order mark, separated by commas."""

    def _check(self) -> None:
        decoder, line = codecs.getincrementaldecoder("utf-8")(), 1
        with self.file.open("rb") as file:
            start = file.read(2)
            file.seek(0)
            for chunk in itertools.chain(iter(lambda: file.read(_CHUNK), b""), [b""]):
                if start in (b"\xff\xfe", b"\xfe\xff") or b"\0" in chunk:
                    raise PairingError(
                        f"{shown(self.path)}: found text in UTF-16, or no text at all; {_REMEDY}"
                    )
                try:
                    decoder.decode(chunk, final=not chunk)
                except UnicodeDecodeError as error:
                    line += error.object.count(b"\n", 0, error.start)
                    raise PairingError(
                        f"{shown(self.path)}, line {line}: found the byte 0x{error.object[error.start]:02x}, which is "
                        f"not UTF-8; {_REMEDY}"
                    ) from error
                line += chunk.count(b"\n")

    def _cells(self, count: int) -> Iterator[tuple[str, str]]:
        return itertools.islice(_pairs(self.path, _rows(self.file, self.path)), count, None)


def _rows(file: Path, path: File) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not empty, each with the line that it starts on, without blanks around the cells."""
    with file.open(encoding="utf-8-sig", newline="") as opened:
        reader = csv.reader(opened, strict=True, skipinitialspace=True)
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


def _pairs(path: File, rows: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[str, str]]:
    line, header = next(rows, (1, []))
    names = [name.casefold() for name in header]
    if any(names.count(name) != 1 for name in COLUMNS):
        raise PairingError(
            f"{shown(path)}, line {line}: found the columns {header}{_hint(names)}; expected "
            f"{' and '.join(COLUMNS)}, once each, separated by commas"
        )
    places = [names.index(name) for name in COLUMNS]
    for line, row in rows:
        if len(row) > len(header):
            raise PairingError(
                f"{shown(path)}, line {line}: found {len(row)} cells below {len(header)} columns; expected as many. "
                "Put a path that holds a comma between double quotes"
            )
        reference, distorted = (row[place] if place < len(row) else "" for place in places)
        if not (reference and distorted):
            empty = [name for name, cell in zip(COLUMNS, (reference, distorted), strict=True) if not cell]
            raise PairingError(
                f"{shown(path)}, line {line}: found nothing under {' and '.join(empty)}; expected a path to a "
                "picture"
            )
        yield reference, distorted


def _hint(names: list[str]) -> str:
    if set(COLUMNS).issubset(names):
        return ""
    for separator, words in _OTHER_SEPARATORS.items():
        parts = {part.strip() for name in names for part in name.split(separator)}
        if parts.issuperset(COLUMNS):
            return f", which seem to be separated by {words}"
    return ""
