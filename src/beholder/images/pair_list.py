"""Which distorted picture belongs to which reference, by a list of any length."""

from __future__ import annotations

import abc
from typing import TYPE_CHECKING, Any

from beholder.images.addresses import LocalFile, locate
from beholder.images.pairing import Pair
from beholder.images.source import shown
from beholder.spec import PairingError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from beholder.images.addresses import File

__all__ = ["PairList"]

COLUMNS = ("reference", "distorted")


class PairList(abc.ABC):
    """A list of pairs that is read as it is gone through, however long it is.

    Args:
        path: The list. One in an object store is copied to this machine for as long as it is held.

    Attributes:
        path: What it was given as.
        file: What is read of it.

    Raises:
        PairingError: If it cannot be read, lacks a column or any row, or has an empty cell.
        AddressError: If its address cannot be had.
        MissingPackageError: If no package is installed that opens it.
    """

    def __init__(self, path: File) -> None:
        self.path = path
        self._held = LocalFile(path)
        self.file = self._held.path
        try:
            if self.file.exists() and not self.file.is_file() and not self.file.is_dir():
                raise PairingError(
                    f"{shown(path)}: found a pipe or a device; expected a file: save it as one first"
                )
            self._check()
        except (OSError, ValueError) as error:
            # ValueError: a name that no file can have, such as one with a null character
            why = getattr(error, "strerror", None) or error
            raise PairingError(
                f"{shown(path)}: the list of pairs cannot be read ({why}); expected a CSV or Parquet file"
            ) from error
        self._count = sum(1 for _ in self._cells(0))
        if not self._count:
            raise PairingError(f"{shown(path)}: found no rows below the header; expected at least one pair")

    def __getstate__(self) -> dict[str, Any]:
        copy = ("_held", "file")  # where it is unpacked there may be none
        return {name: value for name, value in self.__dict__.items() if name not in copy}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._held = LocalFile(self.path)
        self.file = self._held.path

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Pair]:
        return self.after(0)

    def after(self, count: int) -> Iterator[Pair]:
        """The pairs, but for some of the first."""
        folder = self.path.parent
        for reference, distorted in self._cells(count):
            yield Pair(locate(folder, reference), locate(folder, distorted))

    @abc.abstractmethod
    def _check(self) -> None:
        """Look at the file before its rows: the errors that are told best in bytes."""

    @abc.abstractmethod
    def _cells(self, count: int) -> Iterator[tuple[str, str]]:
        """Both names of each row but for some of the first; it was looked at by then, and none is empty."""
