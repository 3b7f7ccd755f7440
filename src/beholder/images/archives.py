"""Pictures within tar archives, which are named like files: ``pairs.tar/0001.reference.png``."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import re
import tarfile
import threading
from array import array
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from beholder.spec import PictureError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["Member", "expand_braces", "find_member", "list_members"]

_BRACES = re.compile(r"\{(?:(\d+)\.\.(\d+)|([^{}]*,[^{}]*))\}")
# Threads that meet a new archive together would each go through it.
_ONE_LOOKS = threading.Lock()


@dataclasses.dataclass(frozen=True)
class Member:
    """Where a file's bytes lie.

    Attributes:
        archive: The archive.
        offset: The first of them.
        size: Their number.
    """

    archive: Path
    offset: int
    size: int


def find_member(path: Path) -> Member | None:
    """The member that a path means, or ``None`` where no part of it is an archive.

    Raises:
        PictureError: If there is an archive, and it is damaged or compressed, or has no such member.
    """
    for archive in path.parents:
        if archive.suffix.lower() == ".tar" and archive.is_file():
            name = path.relative_to(archive).as_posix()
            if (member := list_members(archive).get(name)) is None:
                raise PictureError(
                    f"{_shown(path)}: found no {name!r} in the archive; expected a picture; check the name"
                )
            return member
    return None


def list_members(archive: Path) -> Mapping[str, Member]:
    """The files in a tar archive, by name, in their order; the archive is gone through once, until it changes.

    Raises:
        PictureError: If it is missing, damaged or compressed.
    """
    try:
        told = archive.stat()
        with _ONE_LOOKS:
            return _list(archive, told.st_size, told.st_mtime_ns)
    except (tarfile.TarError, OSError, EOFError) as error:
        raise PictureError(
            f"{_shown(archive)}: found no tar archive that can be read ({error}); expected a whole one, not compressed; "
            "check the name, copy it again, or unpack its compression, which gains nothing on pictures"
        ) from error


def expand_braces(text: str) -> list[str]:
    """The names that a pattern stands for: ``a-{08..10}.tar`` for three, ``{a,b}.tar`` for two."""
    found = _BRACES.search(text)
    if found is None:
        return [text]
    first, last, words = found.groups()
    if words is None:
        step = 1 if int(first) <= int(last) else -1
        # As shells do: as wide as the wider, where either begins with a nought.
        width = max(len(first), len(last)) if "0" in (first[0], last[0]) else 0
        parts = [str(number).zfill(width) for number in range(int(first), int(last) + step, step)]
    else:
        parts = words.split(",")
    ends = expand_braces(text[found.end() :])
    return [text[: found.start()] + part + end for part in parts for end in ends]


@functools.lru_cache(maxsize=16)
def _list(archive: Path, size: int, changed: int) -> Mapping[str, Member]:
    names, places = _look_through(archive, size, changed)
    told = zip(places[::2], places[1::2], strict=True)
    # Of nothing there would be one name, which is empty.
    listed = names.decode("utf-8", "surrogateescape").split("\0") if places else []
    return {name: Member(archive, *place) for name, place in zip(listed, told, strict=True)}


# A second or so for 20,000 members, of which each is held in some 40 bytes: hundreds of archives are looked through once.
@functools.lru_cache(maxsize=4096)
def _look_through(archive: Path, size: int, changed: int) -> tuple[bytes, array[int]]:  # noqa: ARG001 -- they tell a new file
    members: dict[str, tuple[int, int]] = {}
    with tarfile.open(archive, "r:") as tar:
        for member in tar:
            if member.isreg() and not member.issparse():
                members[PurePosixPath(member.name).as_posix()] = (member.offset_data, member.size)
    names = "\0".join(members).encode("utf-8", "surrogateescape")
    return names, array("q", itertools.chain.from_iterable(members.values()))


def _shown(path: Path) -> str:
    text = str(path)
    return text if text.isprintable() else ascii(text)
