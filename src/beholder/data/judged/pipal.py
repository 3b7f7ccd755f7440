"""PIPAL, the training part."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from beholder.data.judged.listing import Listing
from beholder.data.judged.opinions import Opinion, make_ratings, number, read_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from beholder.data.judged.findings import Findings
    from beholder.data.judged.sets import JudgementSet

__all__ = ["LAYOUT", "is_pipal", "read_pipal"]

LAYOUT = "Train_Label/A0001.txt with lines NAME,MOS, Train_Ref/A0001.bmp, Train_Dist/A0001_00_00.bmp"
_LABELS = "Train_Label"
_NAME = re.compile(r"(a\d+)_(\d+)_(\d+)\.\w+", re.IGNORECASE)


def is_pipal(path: Path) -> bool:
    """Whether a folder is laid out as PIPAL's training part is."""
    return path.is_dir() and Listing(path).find(_LABELS) is not None


def read_pipal(path: Path, findings: Findings, tell: Callable[[int, int], object]) -> list[JudgementSet]:
    """Scores of the Elo system, about 900 to 1900, higher is better.

    Distortions have no names in the files: they are told by the two numbers in each name, type and level.

    Raises:
        UsageError: If a list cannot be read.
    """
    listing = Listing(path)
    opinions = _lines(path, listing, findings, tell)
    return [
        make_ratings(
            "PIPAL", path, opinions, findings, better="higher", published=23_200, folders=["Train_Dist"]
        )
    ]


def _lines(
    path: Path, listing: Listing, findings: Findings, tell: Callable[[int, int], object]
) -> Iterator[Opinion]:
    folder = listing.find(_LABELS) or _LABELS
    lists = [name for name in listing.files(folder) if name.lower().endswith(".txt")]
    for place, name in enumerate(lists):
        file = path / folder / name
        for line, text in enumerate(read_text(file).splitlines(), start=1):
            cells = [cell.strip() for cell in text.split(",")]
            match = _NAME.fullmatch(cells[0]) if len(cells) == 2 else None
            if match:
                reference = match[1].upper()
                score = number(cells[1], file, line)
                yield Opinion(
                    f"Train_Ref/{reference}.bmp",
                    f"Train_Dist/{cells[0]}",
                    score,
                    match[2],
                    float(match[3]),
                    reference,
                )
            elif any(cells):
                findings.add(
                    f"{file}, line {line}",
                    "a line of another form",
                    "a name and a score: A0001_00_00.bmp,1400.5",
                )
        tell(place + 1, len(lists))
