"""What a run writes: refused before it starts where it cannot be written, kept elsewhere where writing fails."""

from __future__ import annotations

import json
import os
import tempfile
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from beholder.cli.console import print_out
from beholder.spec import BeholderError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from beholder.scoring import ScoreTable

__all__ = ["check_file", "check_folder", "check_outputs", "write_results"]


def check_outputs(
    output: Path | None, report: Path | None, maps: Path | None, *, read: Iterable[Path | None]
) -> None:
    """Refuse what could not be written, before hours of scoring and not after them; make its folders.

    Args:
        output: The table.
        report: The page.
        maps: The folder of heat maps.
        read: Files that the run reads, which it must not write over.

    Raises:
        UsageError: If an ending is unknown, or a file is read by the run or cannot be written.
    """
    from beholder.scoring.table import check_ending

    if output is not None:
        check_ending(output)
    if report is not None and report.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"{report}: the ending {report.suffix!r} is unknown; expected .html or .htm.")
    files = [path for path in (output, report) if path is not None]
    _check_not_overwritten(files, read)
    for path in files:
        check_file(path)
    if maps is not None:
        check_folder(maps)


def _check_not_overwritten(written: Iterable[Path], read: Iterable[Path | None]) -> None:
    # Not Path.resolve(), which raises on a link to itself before Python 3.13.
    taken = {os.path.realpath(path) for path in read if path is not None}
    for path in written:
        if os.path.realpath(path) in taken:
            raise UsageError(f"{path}: is read by this run; name another file to write.")


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


def write_results(
    table: ScoreTable, output: Path | None, report: Path | None, write_page: Callable[[Path], None]
) -> tuple[list[Path], list[str]]:
    """Write the table and the page; whatever fails, no row is lost.

    Args:
        table: The scores.
        output: Where to write the table, if at all.
        report: Where to write the page, if at all.
        write_page: Writes the page.

    Returns:
        What is written, and in words what is not.
    """
    written, problems = [], []
    if output is not None:
        try:
            table.save(output)
            written.append(output)
        except OSError as error:
            problems.append(f"{output}: cannot be written: {_reason(error)}; {_keep_rows(table, output)}")
    if report is not None:
        try:
            write_page(report)
            written.append(report)
        except (BeholderError, OSError) as error:
            problems.append(f"{report}: cannot be written: {_reason(error)}")
        except Exception as error:  # noqa: BLE001 -- a bug in the page: told in full, and the table is there
            traceback.print_exc()
            problems.append(f"{report}: cannot be written: {error!r}")
    return written, problems


def _keep_rows(table: ScoreTable, output: Path) -> str:
    try:
        kept = Path(tempfile.mkdtemp(prefix="beholder-"), f"scores{output.suffix}")
        table.save(kept)
    except OSError:
        print_out("".join(json.dumps(row, allow_nan=False) + "\n" for row in table.to_rows()))
        return "its rows are on standard output, as JSON Lines"
    return f"its rows are in {kept}"


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
