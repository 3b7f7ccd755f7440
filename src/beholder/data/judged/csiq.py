"""CSIQ, the categorical subjective image quality database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beholder.data.judged.listing import Listing
from beholder.data.judged.opinions import Opinion, csv_cells, make_ratings, number
from beholder.spec import MissingPackageError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from beholder.data.judged.findings import Findings
    from beholder.data.judged.sets import JudgementSet

__all__ = ["LAYOUT", "is_csiq", "read_csiq"]

LAYOUT = "csiq.DMOS.xlsx (or its sheet all_by_image as csiq.DMOS.csv), src_imgs/1600.png, dst_imgs/awgn/1600.AWGN.1.png"
_LISTS = ("csiq.DMOS.csv", "csiq.DMOS.xlsx")  # what was exported is read with no further package
_SHEET = "all_by_image"
_COLUMNS = ("image", "dst_type", "dst_lev", "dmos")
# Types as the sheet calls them: folder, and the word in the files' names.
_TYPES = {
    "noise": ("awgn", "AWGN"),
    "blur": ("blur", "BLUR"),
    "contrast": ("contrast", "contrast"),
    "fnoise": ("fnoise", "fnoise"),
    "jpeg": ("jpeg", "JPEG"),
    "jpeg 2000": ("jpeg2000", "jpeg2000"),
}


def is_csiq(path: Path) -> bool:
    """Whether a folder is laid out as CSIQ is, with or without its list."""
    listing = Listing(path)
    return path.is_dir() and (
        any(map(listing.find, _LISTS)) or all(map(listing.find, ("src_imgs", "dst_imgs")))
    )


def read_csiq(
    path: Path,
    findings: Findings,
    tell: Callable[[int, int], object],  # noqa: ARG001 -- one small list
) -> list[JudgementSet]:
    """Differences of mean opinion scores from 0 to 1, lower is better.

    Raises:
        UsageError: If there is no list, or it cannot be read.
        MissingPackageError: If no package is installed that reads the list.
    """
    found = next(filter(None, map(Listing(path).find, _LISTS)), None)
    if found is None:
        raise UsageError(f"{path}: has neither {' nor '.join(_LISTS)}; put the list of scores there.")
    file = path / found
    rows = _read_workbook(file) if found.lower().endswith(".xlsx") else csv_cells(file)
    folders = [f"dst_imgs/{folder}" for folder, _ in _TYPES.values()]
    return [
        make_ratings(
            "CSIQ",
            path,
            _lines(file, rows, findings),
            findings,
            better="lower",
            published=866,
            folders=folders,
        )
    ]


def _read_workbook(file: Path) -> list[list[str]]:
    import polars as pl

    try:
        frame = pl.read_excel(
            file, sheet_name=_SHEET, has_header=False, infer_schema_length=0, drop_empty_rows=False
        )
    except ModuleNotFoundError as error:
        raise MissingPackageError(
            f"{file}: found no package that reads workbooks; pip install 'beholder[excel]', or save its sheet "
            f"{_SHEET} as {_LISTS[0]} beside it."
        ) from error
    except Exception as error:  # whatever the reader of workbooks makes of a damaged one
        raise UsageError(
            f"{file}: the sheet {_SHEET} cannot be read ({' '.join(str(error).split())}); expected CSIQ's workbook."
        ) from error
    return [[cell or "" for cell in row] for row in frame.iter_rows()]


def _lines(file: Path, rows: list[list[str]], findings: Findings) -> Iterator[Opinion]:
    headers = [[cell.strip().lower() for cell in row] for row in rows]
    # The sheet has a title above its header, and empty columns beside it.
    top = next((place for place, names in enumerate(headers) if set(_COLUMNS) <= set(names)), None)
    if top is None:
        raise UsageError(
            f"{file}: found no row with the columns {', '.join(_COLUMNS)}; expected the sheet {_SHEET}."
        )
    places = [headers[top].index(name) for name in _COLUMNS]
    for line, cells in enumerate(rows[top + 1 :], start=top + 2):
        image, kind, level, opinion = (cells[place].strip() if place < len(cells) else "" for place in places)
        if not (image and kind and level and opinion):
            continue  # what pads the sheet
        image, level = image.removesuffix(".0"), level.removesuffix(".0")
        if kind.lower() not in _TYPES:
            findings.add(f"{file}, line {line}", f"the distortion {kind!r}", f"one of {', '.join(_TYPES)}")
            continue
        folder, word = _TYPES[kind.lower()]
        distorted = f"dst_imgs/{folder}/{image}.{word}.{level}.png"
        score = number(opinion, file, line)
        yield Opinion(
            f"src_imgs/{image}.png", distorted, score, kind.lower(), number(level, file, line), image
        )
