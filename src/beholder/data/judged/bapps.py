"""The Berkeley-Adobe Perceptual Patch Similarity data set, as its authors lay it out."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from beholder.data.judged.labels import LabelFiles
from beholder.data.judged.listing import list_folder
from beholder.data.judged.rows import ANSWERS, PictureFile
from beholder.data.judged.sets import JudgementSet
from beholder.spec import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from beholder.data.judged.findings import Findings
    from beholder.data.judged.rows import Kind

__all__ = ["LAYOUT", "find_bapps", "read_bapps"]

LAYOUT = (
    "2afc/{train,val}/SUBSET/{ref,p0,p1}/NNNNNN.png with judge/NNNNNN.npy, jnd/val/SUBSET/{p0,p1}/NNNNNN.png with "
    "same/NNNNNN.npy, or any folder of these down to one SUBSET"
)
_FOLDERS: dict[Kind, tuple[str, ...]] = {"triplets": ("ref", "p0", "p1"), "pairs": ("p0", "p1")}
_LEVELS = ("2afc", "jnd", "train", "val", "test")
_VOTES = {("triplets", "train"): 2, ("triplets", "val"): 5, ("pairs", "val"): 3}
# Zhang et al., CVPR 2018, Table 2: fewest and most, where the paper rounds to hundreds.
_PUBLISHED = {
    ("triplets", "train/traditional"): (56_550, 56_649),
    ("triplets", "train/cnn"): (38_050, 38_149),
    ("triplets", "train/mix"): (56_550, 56_649),
    ("triplets", "val/traditional"): (4_720, 4_720),
    ("triplets", "val/cnn"): (4_720, 4_720),
    ("triplets", "val/superres"): (10_856, 10_856),
    ("triplets", "val/deblur"): (9_440, 9_440),
    ("triplets", "val/color"): (4_720, 4_720),
    ("triplets", "val/frameinterp"): (1_888, 1_888),
    ("pairs", "val/traditional"): (4_750, 4_849),
    ("pairs", "val/cnn"): (4_750, 4_849),
}
_ORDER = [name for _, name in _PUBLISHED]


class _Subset:
    """A folder with pictures and labels.

    Attributes:
        kind: What a row is.
        folder: Where it lies.
        name: Such as ``"val/cnn"``.
        votes: Answers a row; 0 where it is not known.
        rows: The names of its whole rows, without endings.
        answers: What people said of each.
    """

    def __init__(self, kind: Kind, folder: Path) -> None:
        self.kind, self.folder = kind, folder
        real = folder.resolve()
        split = real.parent.name if real.parent.name in _LEVELS[2:] else ""
        self.name = f"{split}/{real.name}" if split else real.name
        self.votes = _VOTES.get((kind, split), 0)
        self.rows: list[str] = []
        self.answers: list[float] = []
        self._odd: dict[str, dict[str, str]] = {}  # names whose ending is no plain ".png" or ".npy"

    def list_rows(self, findings: Findings) -> None:
        """Find the rows that are whole; tell of files that are missing or too many."""
        parts = (*_FOLDERS[self.kind], ANSWERS[self.kind])
        found: dict[str, set[str]] = {}
        for part in parts:
            ending = ".npy" if part == parts[-1] else ".png"
            found[part] = self._list_part(part, ending, findings)
        answers = self.folder / parts[-1]
        if not answers.is_dir() and any(found.values()):
            findings.add(answers, "no such folder", "what people said of the pictures; were they asked yet?")
            return
        times = Counter(name for names in found.values() for name in names)
        for part, names in found.items():
            ending = ".npy" if part == parts[-1] else ".png"
            for name in sorted(times.keys() - names):
                if times[name] > 1:
                    file = self.folder / part / (name + ending)
                    findings.add(file, "no such file", f"one in each of {', '.join(parts)}")
            for name in sorted(names):
                if times[name] == 1:
                    file = self.folder / part / (name + ending)
                    findings.add(file, "a file too many", f"one of its name in each of {', '.join(parts)}")
        self.rows = sorted(name for name, count in times.items() if count == len(parts))

    def _list_part(self, part: str, ending: str, findings: Findings) -> set[str]:
        folder = self.folder / part
        odd = self._odd[part] = {}
        names = set()
        for file, is_folder in list_folder(folder).items() if folder.is_dir() else ():
            if is_folder or not file.lower().endswith(ending):
                findings.add(folder / file, f"something that is no {ending} file", f"{ending} files only")
                continue
            names.add(file[:-4])
            if not file.endswith(ending):
                odd[file[:-4]] = file
        return names

    def read_labels(self, labels: LabelFiles, findings: Findings, tell: Callable[[], object]) -> None:
        """Read what people said; rows whose label cannot be read are left out and told of."""
        part = ANSWERS[self.kind]
        folder, odd, whole = str(self.folder / part), self._odd[part], []
        for row in self.rows:
            file = f"{folder}{os.sep}{odd.get(row) or row + '.npy'}"
            try:
                self.answers.append(labels.read(file))
                whole.append(row)
            except UsageError as error:
                findings.add(file, str(error), labels.expected)
            tell()
        self.rows = whole

    def file(self, part: str, row: str) -> PictureFile:
        """One picture of a row."""
        return PictureFile.at(self.folder / part / (self._odd[part].get(row) or row + ".png"))


class _BappsSet(JudgementSet):
    """Rows of one subset after the other."""

    def __init__(self, kind: Kind, path: Path, subsets: Sequence[_Subset], number_type: str) -> None:
        counts = [len(each.rows) for each in subsets]
        columns = {
            ANSWERS[kind]: np.array([share for each in subsets for share in each.answers], dtype=np.float64),
            "subset": np.repeat(np.array([each.name for each in subsets], dtype=np.str_), counts),
            "votes": np.repeat(np.array([each.votes for each in subsets], dtype=np.int64), counts),
        }
        super().__init__(kind, "BAPPS", path, columns)
        self.number_type = number_type
        self._subsets, self._ends = list(subsets), np.cumsum(counts)

    def files(self, place: int) -> tuple[PictureFile, ...]:
        which = int(np.searchsorted(self._ends, place, side="right"))
        subset = self._subsets[which]
        row = subset.rows[place - int(self._ends[which])]
        return tuple(subset.file(part, row) for part in _FOLDERS[self.kind])


def find_bapps(path: Path) -> list[tuple[Kind, Path]]:
    """The subsets at or below a folder, in the paper's order; none where it is laid out otherwise."""
    return (
        sorted(_find(path, 3), key=lambda found: (found[0] == "pairs", _rank(found[1])))
        if path.is_dir()
        else []
    )


def _rank(folder: Path) -> tuple[int, str]:
    name = "/".join(folder.resolve().parts[-2:])
    return (_ORDER.index(name) if name in _ORDER else len(_ORDER)), name


def _find(folder: Path, depth: int) -> list[tuple[Kind, Path]]:
    names = [name for name, is_folder in list_folder(folder).items() if is_folder]
    kind = _kind(folder, set(names))
    if kind:
        return [(kind, folder)]
    if not depth:
        return []
    found = []
    for name in names:
        below = folder / name
        # Below folders of other names lies nothing but subsets: a whole disk is not to be searched.
        found += _find(below, depth - 1 if name in _LEVELS else 0)
    return found


def _kind(folder: Path, names: set[str]) -> Kind | None:
    """What the rows of a folder are, even if part of it is missing."""
    if len(names & {"ref", "p0", "p1", "judge", "same"}) < 2:
        return None
    if "same" in names or ("jnd" in folder.resolve().parts[-3:] and "judge" not in names):
        return "pairs"
    return "triplets"


def read_bapps(path: Path, findings: Findings, tell: Callable[[int, int], object]) -> list[JudgementSet]:
    """The triplets and the pairs of a folder; what is not whole is left out and told of.

    The number of answers a row is the paper's: 2 for training, 5 and for JND 3 for validation; it is not known where
    the folder above is neither ``train`` nor ``val``.
    """
    subsets = [_Subset(kind, folder) for kind, folder in find_bapps(path)]
    for subset in subsets:
        subset.list_rows(findings)
    total, done = sum(len(each.rows) for each in subsets), 0

    def count() -> None:
        nonlocal done
        done += 1
        if done % 256 == 0 or done == total:
            tell(done, total)

    sets: list[JudgementSet] = []
    for kind in _FOLDERS:
        labels = LabelFiles()
        chosen = [each for each in subsets if each.kind == kind]
        for subset in chosen:
            subset.read_labels(labels, findings, count)
            _note(subset, findings)
        if chosen:
            # What a folder made of it again is to hold: single precision only where all of it has that.
            number_type = "<f4" if labels.types == {"<f4"} else "<f8"
            sets.append(_BappsSet(kind, path, chosen, number_type))
    return sets


def _note(subset: _Subset, findings: Findings) -> None:
    low, high = _PUBLISHED.get((subset.kind, subset.name), (0, 0))
    count = len(subset.rows)
    if high and not low <= count <= high:
        told = f"{low:,}" if low == high else f"{(low + high) / 2000:.1f}k"
        findings.note(f"{subset.name}: {count:,} {subset.kind}; the paper has {told}")
    if subset.votes:
        counts = np.array(subset.answers, dtype=np.float64) * subset.votes
        odd = int((np.abs(counts - counts.round()) > 1e-4).sum())
        if odd:
            findings.note(f"{subset.name}: {odd:,} shares are no multiple of 1/{subset.votes}")
