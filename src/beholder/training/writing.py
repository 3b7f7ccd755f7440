"""Files of a run that a full disk or a power cut never leaves broken."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from beholder.spec import PictureError, TrainingError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["add_to", "replacing"]


@contextlib.contextmanager
def replacing(file: Path) -> Iterator[Path]:
    """A name beside the file to write to; what is whole takes the file's place.

    Raises:
        TrainingError: If it cannot be written; the file before stands.
    """
    partial = file.with_name(f".partial.{file.name}")
    try:
        yield partial
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        partial.replace(file)
    except (OSError, RuntimeError, PictureError) as error:
        raise _refuse(file, error) from error
    finally:
        partial.unlink(missing_ok=True)


def add_to(file: Path, content: bytes) -> None:
    """Add to the end of a file, all or nothing; the file and its folder are made if need be.

    Raises:
        TrainingError: If it cannot be written; what was in it stands.
    """
    try:
        file.parent.mkdir(exist_ok=True)
        before = file.stat().st_size if file.is_file() else 0
        try:
            with file.open("ab") as opened:
                opened.write(content)
        except OSError:
            with contextlib.suppress(OSError):
                os.truncate(file, before)
            raise
    except OSError as error:
        raise _refuse(file, error) from error


def _refuse(file: Path, error: BaseException) -> TrainingError:
    first: BaseException | None = error
    while first is not None and not isinstance(first, OSError):
        first = first.__cause__ or first.__context__  # torch.save and save_picture raise errors of their own
    reason = first.strerror if first is not None and first.strerror else error
    return TrainingError(
        f"{file}: cannot be written: {reason}. What was saved last stands; make room and go on with --resume."
    )
