"""A table of judgements back into folders as BAPPS has them."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from beholder.data.judged.rows import ANSWERS, PICTURES
from beholder.spec import PictureError, StoringError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from beholder.data.judged.sets import JudgementSet

__all__ = ["unpack_judgements"]

_PNG = b"\x89PNG\r\n\x1a\n"
_SAFE = re.compile(r"[\w-][\w .-]*")
_FOLDERS = {"reference": "ref", "p0": "p0", "p1": "p1"}


def unpack_judgements(
    judged: JudgementSet, folder: str | Path, *, tell: Callable[[int], object] | None = None
) -> int:
    """Write triplets or JND pairs into folders as BAPPS has them, pictures byte for byte.

    A subset ``val/cnn`` goes to ``2afc/val/cnn`` or ``jnd/val/cnn``, rows without a subset to ``2afc/all``. A row keeps
    its name where the table has one for each row of a subset; else rows are numbered.

    Args:
        judged: The rows.
        folder: A folder that is empty or not there.
        tell: Called with the number of rows that are written.

    Returns:
        How many rows were written.

    Raises:
        UsageError: If it holds ratings, the folder is not empty, or a subset's name is none of a folder.
        PictureError: If a picture cannot be read, or is no PNG.
        StoringError: If a file cannot be written.
    """
    folder = Path(folder)
    if judged.kind == "ratings":
        raise UsageError(f"{judged.path}: holds ratings; BAPPS has triplets and pairs only.")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder}: is there, and is not an empty folder; name another.")
    top = folder / ("2afc" if judged.kind == "triplets" else "jnd")
    places = {name: top / _checked(judged, name or "all") for name in judged.subsets}
    names = _names(judged)
    try:
        for place in places.values():
            for part in (*PICTURES[judged.kind], ANSWERS[judged.kind]):
                (place / _FOLDERS.get(part, part)).mkdir(parents=True)
        for row, name in enumerate(names):
            _write_row(judged, row, name, places[str(judged.columns["subset"][row])])
            if tell:
                tell(row + 1)
    except OSError as error:
        raise StoringError(f"{folder}: cannot be written: {error.strerror or error}") from error
    return len(judged)


def _write_row(judged: JudgementSet, row: int, name: str, place: Path) -> None:
    for part, file in zip(PICTURES[judged.kind], judged.files(row), strict=True):
        data = file.encoded()
        if not data.startswith(_PNG):
            raise PictureError(f"{file.name}: is no PNG; folders as BAPPS has them hold nothing else.")
        (place / _FOLDERS[part] / f"{name}.png").write_bytes(data)
    answer = ANSWERS[judged.kind]
    label = np.array([judged.answers[row]], dtype=judged.number_type)
    np.save(place / answer / f"{name}.npy", label, allow_pickle=False)


def _checked(judged: JudgementSet, subset: str) -> str:
    """A subset's name, if it leads nowhere else."""
    if not all(_SAFE.fullmatch(part) for part in subset.split("/")):
        raise UsageError(f"{judged.path}: the subset {subset!r} cannot be a folder's name; rename it.")
    return subset


def _names(judged: JudgementSet) -> list[str]:
    given = judged.columns.get("name")
    numbers = [f"{row:06d}" for row in range(len(judged))]
    if given is None:
        return numbers
    pairs = Counter(zip(judged.columns["subset"].tolist(), given.tolist(), strict=True))
    single = max(pairs.values()) == 1 and all(_SAFE.fullmatch(name) for name in given.tolist())
    return given.tolist() if single else numbers
