"""What a run writes: refused before it starts where it cannot be written."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from beholder.spec import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from beholder.images import File

__all__ = ["check_file", "check_folder", "check_outputs", "check_page", "local_folder"]


def check_outputs(
    output: File | None, report: File | None, maps: Path | None, *, read: Iterable[File]
) -> None:
    """Refuse what could not be written, before hours of scoring and not after them; make its folders.

    Args:
        output: The table.
        report: The page.
        maps: The folder of heat maps.
        read: Files that the run reads, which it must not write over.

    Raises:
        UsageError: If an ending is unknown, or a file is read by the run or cannot be written.
        AddressError: If its address takes no files.
    """
    from beholder.images import Address
    from beholder.scoring.storing import check_address
    from beholder.scoring.writing import check_ending

    if output is not None:
        check_ending(output)
    if report is not None:
        check_page(report)
    files = [path for path in (output, report) if path is not None]
    _check_not_overwritten(files, read)
    for path in files:
        if isinstance(path, Address):
            check_address(path)
        else:
            check_file(path)
    if maps is not None:
        check_folder(maps)


def _check_not_overwritten(written: Iterable[File], read: Iterable[File]) -> None:
    # Not Path.resolve(), which raises on a link to itself before Python 3.13.
    taken = {_real(path): path for path in written}
    # Names are compared first, since links of a million pictures take minutes to follow.
    names = {name for real, path in taken.items() for name in (path.name, os.path.basename(real))}  # noqa: PTH119
    for path in read:
        if path.name in names and (found := taken.get(_real(path))):
            raise UsageError(f"{found}: is read by this run; name another file to write.")


def _real(path: File) -> str:
    """What tells whether two names are one file's."""
    return path if isinstance(path, str) else os.path.realpath(path)


def check_page(path: File) -> None:
    """Refuse an ending that is no page's.

    Raises:
        UsageError: If it is another than .html and .htm.
    """
    if path.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"{path}: the ending {path.suffix!r} is unknown; expected .html or .htm.")


def check_file(path: Path) -> None:
    """Refuse a file that could not be written; make its folder.

    Raises:
        UsageError: If it is a folder, or cannot be written.
    """
    try:
        if path.is_dir():
            raise UsageError(f"{path}: is a folder; expected the name of a file to write.")
        path.parent.mkdir(parents=True, exist_ok=True)
        _try_to_write(path.parent, path.name)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {_reason(error)}. Name another file.") from error


def local_folder(given: str | None) -> Path | None:
    """A folder on this machine, if one is named.

    Raises:
        UsageError: If an address is.
    """
    from beholder.images import Address, as_file

    folder = as_file(given)
    if isinstance(folder, Address):
        raise UsageError(f"{folder}: heat maps go to a folder on this machine; name one.")
    return folder


def check_folder(folder: Path) -> None:
    """Make a folder, and refuse one that takes no files.

    Raises:
        UsageError: If it is a file, or cannot be made or written to.
    """
    try:
        if folder.exists() and not folder.is_dir():
            raise UsageError(f"{folder}: is a file; expected a folder to write in.")
        folder.mkdir(parents=True, exist_ok=True)
        _try_to_write(folder, "beholder")
    except OSError as error:
        raise UsageError(f"{folder}: cannot be written in: {_reason(error)}. Name another folder.") from error


def _try_to_write(folder: Path, name: str) -> None:
    """Make a file and remove it; permissions alone do not tell, least of all the superuser's."""
    with tempfile.NamedTemporaryFile(dir=folder, prefix=f".{name}."):
        return


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
