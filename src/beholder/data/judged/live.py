"""The LIVE image quality assessment database, release 2."""

from __future__ import annotations

import importlib
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from beholder.data.judged.listing import Listing
from beholder.data.judged.opinions import Opinion, make_ratings, read_text
from beholder.spec import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from beholder.data.judged.findings import Findings
    from beholder.data.judged.sets import JudgementSet

__all__ = ["LAYOUT", "is_live", "read_live"]

LAYOUT = "dmos.mat, refnames_all.mat, refimgs/bikes.bmp, and jp2k, jpeg, wn, gblur and fastfading with img1.bmp, info.txt"
# Scores stand in one array: so many pictures of each folder, in the order of their numbers.
_COUNTS = {"jp2k": 227, "jpeg": 233, "wn": 174, "gblur": 174, "fastfading": 174}
_TOTAL = sum(_COUNTS.values())
_NAMES = {"jp2k": "JPEG2000", "jpeg": "JPEG", "wn": "white noise", "gblur": "Gaussian blur"}
_NAMES["fastfading"] = "JPEG2000 over a fast fading channel"
# What scipy makes of a damaged file.
_DAMAGE = (
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    EOFError,
    OSError,
    NotImplementedError,
    zlib.error,
)


def is_live(path: Path) -> bool:
    """Whether a folder is laid out as LIVE is, with or without its scores."""
    listing = Listing(path)
    return path.is_dir() and (
        all(map(listing.find, ("dmos.mat", "refnames_all.mat")))
        or all(map(listing.find, ("refimgs", "jp2k", "fastfading")))
    )


def read_live(
    path: Path,
    findings: Findings,
    tell: Callable[[int, int], object],  # noqa: ARG001 -- two small files
) -> list[JudgementSet]:
    """Differences of mean opinion scores, about 0 to 100, lower is better.

    Where ``dmos_realigned.mat`` is there, whose scores can be compared between distortions, they are taken. The
    copies of the originals that were rated among the rest are left out. The level is the third column of
    ``info.txt``: bits a pixel, standard deviation, or signal-to-noise ratio.

    Raises:
        UsageError: If the scores cannot be read, or are not those of release 2.
    """
    listing = Listing(path)
    realigned = listing.find("dmos_realigned.mat")
    scores = _array(path / realigned, "dmos_new") if realigned else _array(_need(listing, "dmos.mat"), "dmos")
    copies = _array(_need(listing, "dmos.mat"), "orgs")
    names = [_text(cell) for cell in _array(_need(listing, "refnames_all.mat"), "refnames_all")]
    if realigned:
        findings.note("the scores are those of dmos_realigned.mat")
    opinions = _lines(path, listing, scores, copies, names, findings)
    return [make_ratings("LIVE", path, opinions, findings, better="lower", published=779, folders=[])]


def _lines(
    path: Path,
    listing: Listing,
    scores: NDArray[Any],
    copies: NDArray[Any],
    names: list[str],
    findings: Findings,
) -> Iterator[Opinion]:
    start = 0
    for folder, count in _COUNTS.items():
        told = _read_info(path, listing, folder, findings)
        for number in range(1, count + 1):
            place = start + number - 1
            reference, level = told.get(f"img{number}.bmp", (names[place], float("nan")))
            file = f"{folder}/img{number}.bmp"
            if reference.casefold() != names[place].casefold():
                findings.add(
                    path / file, "different references in info.txt and refnames_all.mat", "the same in both"
                )
            if not copies[place]:
                group = names[place].rpartition(".")[0]
                yield Opinion(
                    f"refimgs/{names[place]}", file, float(scores[place]), _NAMES[folder], level, group
                )
        start += count


def _read_info(path: Path, listing: Listing, folder: str, findings: Findings) -> dict[str, tuple[str, float]]:
    """By a picture's name, its reference and level."""
    found = listing.find(f"{folder}/info.txt")
    if found is None:
        findings.note(f"{folder}/info.txt is not there: its pictures have no level")
        return {}
    told = {}
    for line, text in enumerate(read_text(path / found).splitlines(), start=1):
        words = text.split()
        try:
            reference, name, level = words or ("", "", "nan")
            told[name.lower()] = reference, float(level)
        except ValueError:
            findings.add(
                f"{path / found}, line {line}", "a line of another form", "reference, picture and level"
            )
    return told


def _need(listing: Listing, name: str) -> Path:
    found = listing.find(name)
    if found is None:
        raise UsageError(f"{listing.root}: {name} is missing; LIVE's scores are in it: put it there.")
    return listing.root / found


def _array(file: Path, name: str) -> NDArray[Any]:
    """An array of a MATLAB file, shape (982,).

    Raises:
        UsageError: If it is not there, or has another length.
    """
    matlab = importlib.import_module("scipy.io.matlab")  # here, since it is slow to load
    try:
        found = matlab.loadmat(file, variable_names=[name])
    except (*_DAMAGE, matlab.MatReadError) as error:
        raise UsageError(
            f"{file}: found no MATLAB file that can be read ({error}); copy it again."
        ) from error
    if name not in found or np.size(found[name]) != _TOTAL:
        count = np.size(found[name]) if name in found else "no"
        raise UsageError(
            f"{file}: found {count} values of {name}; expected the {_TOTAL} of LIVE's release 2."
        )
    return np.ravel(found[name])


def _text(cell: Any) -> str:
    """The text in a cell of a MATLAB cell array."""
    return str(cell.item() if isinstance(cell, np.ndarray) and cell.size == 1 else cell)
