"""Which files a set has: its folders are listed once, and no file is looked at."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from beholder.spec import UsageError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Listing", "list_folder"]

_CLUTTER = {"thumbs.db", "desktop.ini"}  # what file managers leave behind, besides hidden files


def list_folder(folder: Path) -> dict[str, bool]:
    """The names in a folder, and whether each is a folder; hidden ones are passed over.

    Raises:
        UsageError: If it cannot be listed.
    """
    try:
        with os.scandir(folder) as entries:
            return {
                entry.name: entry.is_dir()
                for entry in entries
                if not entry.name.startswith(".") and entry.name.lower() not in _CLUTTER
            }
    except OSError as error:
        raise UsageError(
            f"{folder}: the folder cannot be listed ({error.strerror}); check the name."
        ) from error


class Listing:
    """A folder's files by relative path, in small letters or capitals alike.

    Args:
        root: The folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._names: dict[str, dict[str, str]] = {}
        self._kinds: dict[str, dict[str, bool]] = {}

    def files(self, folder: str) -> list[str]:
        """The names of the files in a folder below the root; none where it is missing."""
        found = self.find(folder) if folder else ""
        if found is None:
            return []
        self._look(found)
        return sorted(name for name, is_folder in self._kinds[found].items() if not is_folder)

    def folders(self, folder: str) -> list[str]:
        """The names of the folders in a folder below the root; none where it is missing."""
        found = self.find(folder) if folder else ""
        if found is None:
            return []
        self._look(found)
        return sorted(name for name, is_folder in self._kinds[found].items() if is_folder)

    def find(self, path: str) -> str | None:
        """How a relative path is written on the disk: as it is given, else but for capitals; ``None`` if missing."""
        parent, _, name = path.rpartition("/")
        folder = self.find(parent) if parent else ""
        if folder is None:
            return None
        names = self._look(folder)
        if name in self._kinds[folder]:
            found = name
        elif (other := names.get(name.casefold())) is not None:
            found = other
        else:
            return None
        return f"{folder}/{found}" if folder else found

    def _look(self, folder: str) -> dict[str, str]:
        names = self._names.get(folder)
        if names is None:
            place = self.root / folder
            self._kinds[folder] = kinds = list_folder(place) if place.is_dir() else {}
            self._names[folder] = names = {name.casefold(): name for name in kinds}
        return names
