"""NIGHTS, the triplets that DreamSim was learned from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from beholder.data.judged.listing import Listing
from beholder.data.judged.opinions import number, read_text, table_rows
from beholder.data.judged.sets import ListedSet

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from beholder.data.judged.findings import Findings
    from beholder.data.judged.sets import JudgementSet

__all__ = ["LAYOUT", "is_nights", "read_nights"]

LAYOUT = "data.csv with the columns ref_path, left_path, right_path, left_vote and right_vote, ref/000/000.png, distort/000/000_0.png"
_LIST = "data.csv"
_PATHS = ("ref_path", "left_path", "right_path")
_COLUMNS = (*_PATHS, "left_vote", "right_vote")
_PUBLISHED = 20_019


def is_nights(path: Path) -> bool:
    """Whether a folder is laid out as NIGHTS is."""
    if not path.is_dir() or (name := Listing(path).find(_LIST)) is None:
        return False
    header = read_text(path / name).partition("\n")[0].lower()
    return set(_PATHS) <= {cell.strip() for cell in header.split(",")}


def read_nights(path: Path, findings: Findings, tell: Callable[[int, int], object]) -> list[JudgementSet]:
    """Triplets whose `judge` is the share of the answers that chose the right picture, `p1`.

    Subsets are the list's ``train``, ``val`` and ``test``; the last is split as its authors report it, by
    ``is_imagenet``, into ``test/imagenet`` and ``test/no_imagenet``.

    Raises:
        UsageError: If the list cannot be read.
    """
    file, listing = path / (Listing(path).find(_LIST) or _LIST), Listing(path)
    rows = table_rows(file, _COLUMNS)
    pictures, judge, votes, subsets = [], [], [], []
    for place, (line, row) in enumerate(rows):
        found = [listing.find(row[name]) for name in _PATHS]
        left, right = (number(row[name], file, line) for name in ("left_vote", "right_vote"))
        for name, picture in zip(_PATHS, found, strict=True):
            if picture is None:
                findings.add(path / row[name], "no such file", "each picture that the list names")
        if not (left >= 0 and right >= 0 and 0 < left + right < float("inf")):
            findings.add(
                f"{file}, line {line}", "votes of nobody", "left_vote and right_vote, 0 or more, not both 0"
            )
        elif found[0] and found[1] and found[2]:
            pictures.append((found[0], found[1], found[2]))
            judge.append(right / (left + right))
            votes.append(_votes(number(row.get("votes") or "0", file, line)))
            subsets.append(_subset(row))
        if (place + 1) % 1024 == 0 or place + 1 == len(rows):
            tell(place + 1, len(rows))
    if not pictures:
        findings.add(file, "no triplet", "at least one row whose pictures are there")
    if len(pictures) != _PUBLISHED:
        findings.note(f"{len(pictures):,} triplets; NIGHTS was published with {_PUBLISHED:,}")
    columns = {
        "judge": np.array(judge, dtype=np.float64),
        "votes": np.array(votes, dtype=np.int64),
        "subset": np.array(subsets, dtype=np.str_),
        "group": np.array([names[0] for names in pictures], dtype=np.str_),
    }
    return [ListedSet("triplets", "NIGHTS", path, columns, pictures)]


def _votes(count: float) -> int:
    """A number of answers; 0 stands for one that is not known."""
    return int(count) if 0 < count < float("inf") else 0


def _subset(row: dict[str, str]) -> str:
    split = row.get("split", "")
    if split == "test" and "is_imagenet" in row:
        return "test/imagenet" if row["is_imagenet"].lower() in ("true", "1") else "test/no_imagenet"
    return split
