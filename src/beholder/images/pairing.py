"""Which distorted picture belongs to which reference, by name."""

from __future__ import annotations

import dataclasses
import itertools
import os
import re
import unicodedata
from collections import defaultdict
from typing import TYPE_CHECKING, Protocol

from beholder.images.addresses import Address, as_file, is_folder, list_files
from beholder.images.archives import find_member
from beholder.images.formats import PICTURE_SUFFIXES
from beholder.images.source import shown
from beholder.spec import PairingError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path, PurePath

    from beholder.images.addresses import File

__all__ = ["Pair", "Pairing", "Pairs", "pair_paths"]

_LISTED = 10  # names given in an error before it says how many more there are


@dataclasses.dataclass(frozen=True)
class Pair:
    """Two files to compare.

    Attributes:
        reference: The original.
        distorted: The picture under test.
    """

    reference: File
    distorted: File


class Pairs(Protocol):
    """Any number of pairs, gone through as often as needed."""

    def __len__(self) -> int: ...

    def after(self, count: int) -> Iterator[Pair]:
        """The pairs, but for some of the first."""
        ...


@dataclasses.dataclass(frozen=True)
class Pairing:
    """All pairs of a request, and what was left over.

    Attributes:
        pairs: At least one, in natural order of their names (``img2`` before ``img10``), or the list's order.
        unmatched_references: References without a distorted picture.
        unmatched_distorted: Distorted pictures without a reference.
    """

    pairs: tuple[Pair, ...]
    unmatched_references: tuple[File, ...] = ()
    unmatched_distorted: tuple[File, ...] = ()

    def __len__(self) -> int:
        return len(self.pairs)

    def after(self, count: int) -> Iterator[Pair]:
        """The pairs, but for some of the first."""
        return itertools.islice(self.pairs, count, None)


def pair_paths(
    reference: str | Path,
    distorted: str | Path,
    *,
    one_reference: bool = False,
    allow_unmatched: bool = False,
) -> Pairing:
    """Pair two files, one file with a folder, or two folders.

    Each may be on this machine or, by its address, in an object store. Folders are searched with all their subfolders
    for files whose ending is in :data:`~beholder.images.formats.PICTURE_SUFFIXES`; hidden ones are passed over. Two
    folders are matched by path below the folder without its ending, so that ``a/b/x.png`` meets ``a/b/x.jpg``.

    Args:
        reference: A file or a folder.
        distorted: A file or a folder.
        one_reference: Compare every picture of the folder ``distorted`` with the file ``reference``.
        allow_unmatched: Hand pictures without a partner back instead of refusing them.

    Returns:
        The pairs and what was left over.

    Raises:
        UsageError: If a file and a folder meet without ``one_reference``, or it meets two folders.
        PairingError: If a path is missing, a folder has no pictures, a name occurs twice on one side, or
            pictures have no partner and ``allow_unmatched`` is not set.
        AddressError: If an address is missing, or cannot be looked at.
        MissingPackageError: If no package is installed that opens it.
    """
    reference, distorted = as_file(reference), as_file(distorted)
    folders = _is_folder(reference), _is_folder(distorted)
    if folders == (False, False):
        return Pairing((Pair(reference, distorted),))
    if folders == (True, True) and not one_reference:
        return _match(_by_name(reference), _by_name(distorted), allow_unmatched=allow_unmatched)
    if folders == (False, True) and one_reference:
        return Pairing(tuple(Pair(reference, path) for _, path in _pictures(distorted)))
    raise _unclear(reference, distorted, folders)


def _unclear(reference: File, distorted: File, folders: tuple[bool, bool]) -> UsageError:
    if folders == (False, True):
        return UsageError(
            f"the reference {shown(reference)} is a file and {shown(distorted)} a folder; to compare all "
            "pictures of the folder with that one file, ask for it with --one-reference or one_reference=True"
        )
    if folders == (True, True):
        return UsageError(f"one reference was asked for, but {shown(reference)} is a folder; expected a file")
    return UsageError(
        f"the reference {shown(reference)} is a folder and {shown(distorted)} a file; expected two files, "
        "two folders, or one reference file and a folder"
    )


def _is_folder(path: File) -> bool:
    if isinstance(path, Address):
        return is_folder(path)
    try:
        if path.is_dir():
            return True
        # a file, also within an archive, or a broken link: reading it tells what is wrong
        if os.path.lexists(path) or find_member(path):
            return False
    except (OSError, ValueError) as error:
        raise PairingError(f"{shown(path)}: cannot be looked at ({error}); check the name") from error
    raise PairingError(f"{shown(path)}: no such file or folder; check the name")


def _pictures(folder: File) -> list[tuple[PurePath, File]]:
    """Pictures below a folder, each with its path from there."""
    found: list[tuple[PurePath, File]]
    if isinstance(folder, Address):
        found = [(place, file) for place, file in list_files(folder) if _is_picture(place)]
    else:
        found = [(path.relative_to(folder), path) for path in _walk(folder, frozenset())]
    found.sort(key=lambda each: _natural(each[0]))
    if not found:
        raise PairingError(
            f"{shown(folder)}: found no pictures; expected files that end in {', '.join(sorted(PICTURE_SUFFIXES))}"
        )
    return found


def _is_picture(path: PurePath) -> bool:
    hidden = any(part.startswith(".") for part in path.parts)
    return not hidden and path.suffix.lower() in PICTURE_SUFFIXES


def _walk(folder: Path, above: frozenset[str]) -> Iterator[Path]:
    # linked folders are followed, but not back into themselves
    real = os.path.realpath(folder)
    if real in above:
        return
    try:
        entries = list(os.scandir(folder))
    except OSError as error:
        raise PairingError(f"{shown(folder)}: the folder cannot be searched ({error.strerror})") from error
    for entry in entries:
        if entry.name.startswith("."):
            continue
        path = folder / entry.name
        if _leads_to_folder(entry):
            yield from _walk(path, above | {real})
        elif path.suffix.lower() in PICTURE_SUFFIXES:
            yield path


def _leads_to_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself: its row fails when it is read
        return False


def _natural(path: PurePath) -> tuple[list[list[tuple[int, int, str]]], str]:
    """A key that sorts numbers in names by value, and a folder's own files apart from its subfolders'."""
    parts = [
        [
            (1, int(run), "") if run.isdecimal() else (0, 0, run)
            for run in re.split(r"(\d+)", part.casefold())
            if run
        ]
        for part in path.parts
    ]
    return parts, str(path)


def _by_name(folder: File) -> dict[str, File]:
    """Pictures by their path below the folder without its ending.

    Raises:
        PairingError: If two pictures share it.
    """
    groups: defaultdict[str, list[File]] = defaultdict(list)
    for place, path in _pictures(folder):
        # macOS stores accents apart from their letters, other systems together
        name = unicodedata.normalize("NFC", place.with_suffix("").as_posix())
        groups[name].append(path)
    double = [path for paths in groups.values() if len(paths) > 1 for path in paths]
    if double:
        raise PairingError(
            f"{shown(folder)}: found pictures that differ in their ending only, so that it is unclear which to "
            f"pair:{_list(double)}\nexpected each name once; move or rename the others"
        )
    return {name: paths[0] for name, paths in groups.items()}


def _match(references: dict[str, File], distorted: dict[str, File], *, allow_unmatched: bool) -> Pairing:
    pairs = tuple(Pair(path, distorted[name]) for name, path in references.items() if name in distorted)
    lone_references = tuple(path for name, path in references.items() if name not in distorted)
    lone_distorted = tuple(path for name, path in distorted.items() if name not in references)
    if not pairs:
        raise PairingError(
            f"found no name on both sides:{_list(lone_references, 'references')}"
            f"{_list(lone_distorted, 'distorted pictures')}\nexpected equal names, endings aside"
        )
    if (lone_references or lone_distorted) and not allow_unmatched:
        raise PairingError(
            f"found pictures without a partner:{_list(lone_references, 'references')}"
            f"{_list(lone_distorted, 'distorted pictures')}\nexpected equal names, endings aside; leave them out "
            "with --allow-unmatched or allow_unmatched=True"
        )
    return Pairing(pairs, lone_references, lone_distorted)


def _list(paths: Iterable[File], what: str = "") -> str:
    names = [shown(path) for path in paths]
    if not names:
        return ""
    title = f"\n  {len(names)} {what}:" if what else ""
    more = f"\n    and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return title + "".join(f"\n    {name}" for name in names[:_LISTED]) + more
