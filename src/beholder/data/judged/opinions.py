"""Rated pairs from the lists that data sets of opinion scores come with."""

from __future__ import annotations

import csv
import dataclasses
import io
import math
from typing import TYPE_CHECKING

import numpy as np

from beholder.data.judged.listing import Listing
from beholder.data.judged.sets import ListedSet
from beholder.spec import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from beholder.data.judged.findings import Findings
    from beholder.data.judged.rows import Better

__all__ = ["Opinion", "csv_cells", "make_ratings", "number", "read_text", "table_rows"]

_PICTURES = (".bmp", ".png", ".jpg", ".jpeg")


@dataclasses.dataclass(frozen=True)
class Opinion:
    """One line of a list of opinion scores.

    Attributes:
        reference: Relative path of the original.
        distorted: Relative path of what was rated.
        opinion: Its score.
        distortion: What was done to it.
        level: How strongly; NaN where it is not known.
        group: The reference's name.
        standard_error: Standard error of `opinion`; NaN where it is not known.
    """

    reference: str
    distorted: str
    opinion: float
    distortion: str
    level: float
    group: str
    standard_error: float = math.nan


def make_ratings(
    form: str,
    path: Path,
    opinions: Iterable[Opinion],
    findings: Findings,
    *,
    better: Better,
    published: int,
    folders: Iterable[str],
) -> ListedSet:
    """A set of the lines whose pictures are there; tells of missing pictures, and of pictures without a line.

    Args:
        form: The data set's name.
        path: Its folder.
        opinions: The lines of its list.
        findings: What is wrong, and notes.
        better: Whether a higher or a lower opinion is the better.
        published: How many rated pictures the data set has as it was published.
        folders: Folders with nothing but distorted pictures, to find those without a line.
    """
    listing, whole, pictures, seen = Listing(path), [], [], set()
    for each in opinions:
        files = [listing.find(each.reference), listing.find(each.distorted)]
        for file, name in zip(files, (each.reference, each.distorted), strict=True):
            if file is None:
                findings.add(path / name, "no such file", "each picture that the list names")
        if not math.isfinite(each.opinion):
            findings.add(path / each.distorted, "an opinion that is no number", "a number")
        elif each.distorted.casefold() in seen:
            findings.add(path / each.distorted, "two lines for one picture", "one line a picture")
        elif files[0] and files[1]:
            whole.append(each)
            pictures.append((files[0], files[1]))
        seen.add(each.distorted.casefold())
    if not whole:
        findings.add(path, "no rated picture", "at least one line whose pictures are there")
    if len(whole) != published:
        findings.note(f"{len(whole):,} rated pictures; {form} was published with {published:,}")
    _note_unrated(listing, seen, folders, findings)
    columns = {
        "opinion": np.array([each.opinion for each in whole], dtype=np.float64),
        "distortion": np.array([each.distortion for each in whole], dtype=np.str_),
        "level": np.array([each.level for each in whole], dtype=np.float64),
        "standard_error": np.array([each.standard_error for each in whole], dtype=np.float64),
        "group": np.array([each.group for each in whole], dtype=np.str_),
    }
    return ListedSet("ratings", form, path, columns, pictures, better)


def _note_unrated(listing: Listing, seen: set[str], folders: Iterable[str], findings: Findings) -> None:
    unrated = [
        f"{folder}/{name}"
        for folder in folders
        for name in listing.files(folder)
        if name.lower().endswith(_PICTURES) and f"{folder}/{name}".casefold() not in seen
    ]
    if unrated:
        findings.note(
            f"{len(unrated):,} pictures have no opinion: {unrated[0]}{', ...' if unrated[1:] else ''}"
        )


def read_text(path: Path) -> str:
    """A list as text, with or without a byte order mark.

    Raises:
        UsageError: If it cannot be read, or is no text.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path}: the list cannot be read ({error.strerror}); check the name.") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: found a file that is no text; expected a list in UTF-8.") from error


def number(text: str, file: Path, line: int) -> float:
    """A number in a list.

    Raises:
        UsageError: If it is none.
    """
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"{file}, line {line}: found {text!r}; expected a number.") from None


def csv_cells(path: Path) -> list[list[str]]:
    """The cells of a CSV file, row by row.

    Raises:
        UsageError: If it cannot be read, or is no such file.
    """
    try:
        return list(csv.reader(io.StringIO(read_text(path))))
    except csv.Error as error:
        raise UsageError(f"{path}: found a file that is no CSV ({error}); copy it again.") from error


def table_rows(path: Path, columns: Iterable[str]) -> list[tuple[int, dict[str, str]]]:
    """The rows of a CSV file, each with its line, by the names of its columns in small letters.

    Raises:
        UsageError: If it is no such file, lacks a column, or a row has another number of cells.
    """
    cells = csv_cells(path)
    header = [name.strip().lower() for name in cells[0]] if cells else []
    if missing := [name for name in columns if name not in header]:
        raise UsageError(f"{path}: found the columns {header}; {', '.join(missing)} is missing.")
    rows = []
    for line, row in enumerate(cells[1:], start=2):
        if any(cell.strip() for cell in row):
            if len(row) != len(header):
                raise UsageError(f"{path}, line {line}: found {len(row)} cells; expected {len(header)}.")
            rows.append((line, dict(zip(header, map(str.strip, row), strict=True))))
    return rows
