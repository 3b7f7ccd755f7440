"""Whether a set is whole: what `beholder data check` tells."""

from __future__ import annotations

import concurrent.futures
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from beholder.data.judged.findings import Findings
from beholder.data.judged.forms import find_form
from beholder.data.judged.sets import unequal
from beholder.spec import PictureError

if TYPE_CHECKING:
    from collections.abc import Callable

    from beholder.data.judged.rows import PictureFile
    from beholder.data.judged.sets import JudgementSet

__all__ = ["Examination", "examine"]

_Size: TypeAlias = tuple[int, int]  # height, width
_TOGETHER = 64  # rows whose pictures are read at a time
_THREADS = 8


@dataclasses.dataclass
class Examination:
    """What was found of a set.

    Attributes:
        path: Where it lies.
        form: Which data set or layout it is.
        sets: Its whole rows, a set a kind.
        findings: What is wrong with the others, and notes.
        sizes: By kind and subset, the sizes of the pictures that were read, as height and width.
        deep: Whether all of them were read, or those of each subset's first row.
    """

    path: Path
    form: str
    sets: list[JudgementSet]
    findings: Findings
    sizes: dict[tuple[str, str], set[_Size]]
    deep: bool

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings.problems

    def as_dict(self) -> dict[str, Any]:
        """All of it as JSON can hold it."""
        return {
            "path": str(self.path),
            "form": self.form,
            "whole": self.whole,
            "deep": self.deep,
            "sets": [
                {
                    "kind": each.kind,
                    "rows": len(each),
                    "better": each.better,
                    "subsets": [self._subset(each, name) for name in each.subsets],
                }
                for each in self.sets
            ],
            **self.findings.as_dict(),
        }

    def _subset(self, judged: JudgementSet, name: str) -> dict[str, Any]:
        chosen = judged.columns["subset"] == name
        answers = judged.answers[chosen]
        votes = judged.columns["votes"][chosen] if "votes" in judged.columns else np.zeros(0, np.int64)
        groups = judged.columns.get("group")
        return {
            "name": name,
            "rows": len(answers),
            "references": None if groups is None else len(np.unique(groups[chosen])),
            "votes": sorted(set(votes.tolist()) - {0}),
            "answers": [float(answers.min()), float(answers.max())],
            "sizes": [list(size) for size in sorted(self.sizes.get((judged.kind, name), ()))],
        }


def examine(
    path: str | Path, *, deep: bool = False, tell: Callable[[str, int, int], object] | None = None
) -> Examination:
    """Find out what a folder or a file is, and whether it is whole.

    Args:
        path: As for `open_judgements`.
        deep: Read every picture, and not only those of the first row of each subset.
        tell: Called with what is read, ``"labels"`` or ``"pictures"``, how many of it are, and how many there are.

    Raises:
        UsageError: If it is none of the known forms, or its list cannot be read.
        MissingPackageError: If CSIQ's workbook is to be read and no package is installed that does.
    """
    path, findings = Path(path), Findings()
    tell = tell or (lambda _what, _done, _total: None)
    form = find_form(path)
    sets = form.read(path, findings, lambda done, total: tell("labels", done, total))
    chosen = [np.arange(len(each)) if deep else _first_rows(each) for each in sets]
    done, total = 0, sum(map(len, chosen))
    reader = _Reader(findings)
    with concurrent.futures.ThreadPoolExecutor(_THREADS) as pool:
        for judged, rows in zip(sets, chosen, strict=True):
            for start in range(0, len(rows), _TOGETHER):
                reader.read(judged, rows[start : start + _TOGETHER].tolist(), pool)
                done += len(rows[start : start + _TOGETHER])
                if deep:
                    tell("pictures", done, total)
    return Examination(path, form.name, sets, findings, reader.sizes, deep)


def _first_rows(judged: JudgementSet) -> np.ndarray[Any, Any]:
    return np.sort(np.unique(judged.columns["subset"], return_index=True)[1])


class _Reader:
    """Reads pictures for their sizes and errors, each reference of rated pairs once."""

    def __init__(self, findings: Findings) -> None:
        self.sizes: dict[tuple[str, str], set[_Size]] = {}
        self._findings = findings
        self._references: dict[str, _Size | None] = {}

    def read(self, judged: JudgementSet, rows: list[int], pool: concurrent.futures.Executor) -> None:
        files = [judged.files(row) for row in rows]
        new = {file.name: file for row in files for file in row if file.name not in self._references}
        known = dict(zip(new, pool.map(_look, new.values()), strict=True))
        for name, size in known.items():
            if isinstance(size, str):
                self._findings.add(name, size, "a picture")
        sizes = {name: None if isinstance(size, str) else size for name, size in known.items()}
        for row, row_files in zip(rows, files, strict=True):
            found = [sizes.get(each.name, self._references.get(each.name)) for each in row_files]
            read = [size for size in found if size is not None]
            if len(read) == len(found) and len(set(read)) > 1:
                self._findings.add(
                    unequal(row_files, read), "pictures of different sizes", "one size in a row"
                )
            key = judged.kind, str(judged.columns["subset"][row])
            self.sizes.setdefault(key, set()).update(read)
        if judged.kind == "ratings":
            names = {row[0].name for row in files if row[0].path is not None}
            self._references |= {name: sizes[name] for name in names & sizes.keys()}


def _look(file: PictureFile) -> _Size | str:
    """A picture's height and width, or why there are none."""
    try:
        pixels = file.pixels()
    except PictureError as error:
        told = str(error).removeprefix(f"{file.name}: ").removeprefix("found ")
        return told.partition("; expected")[0]
    return pixels.shape[1], pixels.shape[2]
