"""Collections of judgements: what people said at once, pictures when they are asked for."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from math import isnan
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from beholder.data.judged.rows import ANSWERS, PICTURES, JndPair, PictureFile, RatedPair, Row, Triplet
from beholder.spec import PictureError, UsageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor

    from beholder.data.judged.rows import Better, Kind

__all__ = ["JudgementSet", "ListedSet", "unequal"]

_EXTRAS: dict[Kind, tuple[str, ...]] = {
    "triplets": ("subset", "votes", "distortion0", "distortion1"),
    "pairs": ("subset", "votes"),
    "ratings": ("subset", "distortion", "level", "standard_error"),
}


class JudgementSet(Sequence[Row]):
    """Rows of one kind: triplets, JND pairs, or rated pairs.

    A row holds no pixels: its pictures are read when they are asked for. What people said is in memory, as arrays.

    Args:
        kind: What a row is.
        form: The layout that it was read from, such as ``"BAPPS"``.
        path: Where it lies.
        columns: One array a column, all of one length: `judge`, `same` or `opinion`, in float64, and whatever else
            is known of `subset`, `votes`, `distortion0`, `distortion1`, `distortion`, `level`, `standard_error` and
            `group`.
        better: For ratings, whether a higher or a lower opinion is the better.

    Attributes:
        columns: All of them but for `group`, which is there where the set names its references. What is not known is
            ``""``, 0 votes, or NaN.
        number_type: How the label files stored their numbers, for a folder that is to be made of the set again.
    """

    number_type = "<f8"

    def __init__(
        self,
        kind: Kind,
        form: str,
        path: Path,
        columns: Mapping[str, NDArray[Any]],
        better: Better | None = None,
    ) -> None:
        self.kind, self.form, self.path, self.better = kind, form, path, better
        self.columns = dict(columns)
        count = len(self.columns[ANSWERS[kind]])
        for name in _EXTRAS[kind]:
            if name not in self.columns:
                empty: Any = {"votes": np.int64(0), "level": np.nan, "standard_error": np.nan}.get(name, "")
                self.columns[name] = np.full(count, empty)

    def __len__(self) -> int:
        return len(self.answers)

    @property
    def answers(self) -> NDArray[np.float64]:
        """What people said, shape (rows,): `judge`, `same` or `opinion`."""
        return self.columns[ANSWERS[self.kind]]

    @property
    def subsets(self) -> tuple[str, ...]:
        """The names of its parts, in order; one empty name where it has none."""
        return tuple(dict.fromkeys(self.columns["subset"].tolist()))

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> JudgementSet: ...
    def __getitem__(self, index: int | slice) -> Row | JudgementSet:
        """A row, without pixels; or, for a slice, a set of the rows in it."""
        if isinstance(index, slice):
            return self.choose(np.arange(len(self))[index])
        if not -len(self) <= index < len(self):
            raise IndexError(f"row {index} of {len(self)}")
        place = index % len(self)
        return self._row(place, self.files(place))

    def choose(self, rows: Sequence[int] | NDArray[Any]) -> JudgementSet:
        """A set of some rows, by their numbers or by a mask, in the order given."""
        chosen = np.asarray(rows)
        if chosen.dtype == bool:
            chosen = np.flatnonzero(chosen)
        return _Chosen(self, chosen.astype(np.int64))

    def subset(self, name: str) -> JudgementSet:
        """The rows of one part.

        Raises:
            UsageError: If there is no such part.
        """
        if name not in self.subsets:
            raise UsageError(
                f"{self.path}: has no subset {name!r}.{did_you_mean(name, self.subsets)} It has "
                f"{', '.join(filter(None, self.subsets)) or 'none'}."
            )
        return self.choose(self.columns["subset"] == name)

    def pictures(self, index: int) -> tuple[Tensor, ...]:
        """The pictures of a row, as `PICTURES` orders them, each (3, H, W), RGB, sRGB-encoded, in [0, 1].

        Raises:
            PictureError: If one cannot be read, or their sizes differ.
        """
        files = self[index].pictures
        pixels = tuple(file.pixels() for file in files)
        if len({tuple(each.shape) for each in pixels}) > 1:
            raise PictureError(unequal(files, [(each.shape[1], each.shape[2]) for each in pixels]))
        return pixels

    def groups(self, tell: Callable[[int, int], object] | None = None) -> NDArray[np.str_]:
        """Which rows share a reference, shape (rows,): rows of one reference have the same text.

        It is the set's own name for the reference. A set without such names (BAPPS) is grouped by the SHA-256 of the
        reference's file, of a JND pair that of `p0`; each such file is read, once: call it when groups are needed.

        Args:
            tell: Called with the number of files that are read, and of all.

        Raises:
            PictureError: If one cannot be read.
        """
        if "group" not in self.columns:
            total = len(self)
            digests = []
            for place in range(total):
                digests.append(self.files(place)[0].digest())
                if tell:
                    tell(place + 1, total)
            self.columns["group"] = np.array(digests, dtype=np.str_)
        return self.columns["group"]

    @abc.abstractmethod
    def files(self, place: int) -> tuple[PictureFile, ...]:
        """The files of a row's pictures, in the order of `PICTURES`."""

    def _row(self, place: int, files: tuple[PictureFile, ...]) -> Row:
        names = (ANSWERS[self.kind], *_EXTRAS[self.kind])
        values: dict[str, Any] = {name: _known(self.columns[name][place].item()) for name in names}
        values[names[0]] = float(self.answers[place])
        if "group" in self.columns:
            values["named_group"] = str(self.columns["group"][place])
        values |= zip(PICTURES[self.kind], files, strict=True)
        match self.kind:
            case "triplets":
                return Triplet(**values)
            case "pairs":
                return JndPair(**values)
            case "ratings":
                return RatedPair(**values, better=self.better or "higher")


class ListedSet(JudgementSet):
    """Rows whose pictures are files that a list names.

    Args:
        kind: What a row is.
        form: The layout that it was read from.
        path: The folder that paths start at.
        columns: As for `JudgementSet`.
        pictures: The relative paths of each row, in the order of `PICTURES`.
        better: As for `JudgementSet`.
    """

    def __init__(
        self,
        kind: Kind,
        form: str,
        path: Path,
        columns: Mapping[str, NDArray[Any]],
        pictures: Sequence[tuple[str, ...]],
        better: Better | None = None,
    ) -> None:
        super().__init__(kind, form, path, columns, better)
        self._pictures = pictures
        self._folder = path.parent if path.is_file() else path

    def files(self, place: int) -> tuple[PictureFile, ...]:
        """The files of a row's pictures."""
        return tuple(PictureFile.at(self._folder / name) for name in self._pictures[place])


class _Chosen(JudgementSet):
    """Some rows of another set."""

    def __init__(self, whole: JudgementSet, rows: NDArray[np.int64]) -> None:
        columns = {name: column[rows] for name, column in whole.columns.items()}
        super().__init__(whole.kind, whole.form, whole.path, columns, whole.better)
        self.number_type = whole.number_type
        self._whole, self._rows = whole, rows

    def files(self, place: int) -> tuple[PictureFile, ...]:
        return self._whole.files(int(self._rows[place]))


def unequal(files: Sequence[PictureFile], sizes: Sequence[tuple[int, int]]) -> str:
    """What is told of pictures whose sizes, as height and width, differ."""
    found = ", ".join(
        f"{width}x{height} in {file.name}" for file, (height, width) in zip(files, sizes, strict=True)
    )
    return f"found pictures of different sizes: {found}; expected one size in a row; copy the set again"


def _known(value: Any) -> Any:
    """A value of a column, or ``None`` where it stands for what is not known."""
    unknown = (
        value == "" or (isinstance(value, int) and not value) or (isinstance(value, float) and isnan(value))
    )
    return None if unknown else value
