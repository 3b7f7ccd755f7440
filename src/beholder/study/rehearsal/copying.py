"""A copy of a study in which nobody has answered yet."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import insert, select

from beholder.spec import StoringError, UsageError
from beholder.study.database import Database, now
from beholder.study.folder import StudyFolder
from beholder.study.models import Picture, Stimulus, Study
from beholder.study.services.audit import note

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from sqlalchemy.engine import Row

__all__ = ["copy_study"]

_OWN = ("answers.sqlite*", "secret.key", "study.json", ".*")  # what a copy has anew


def copy_study(folder: StudyFolder, database: Database, path: str | Path) -> StudyFolder:
    """Copy a study, whole or not at all: pictures, stimuli, design; not its observers. The copy's answers go to SQLite.

    Args:
        folder: The study.
        database: Its stimuli, from `StudyFolder.open_database`.
        path: The folder to make; it must not be there, or be empty.

    Raises:
        UsageError: If the folder is not empty.
        StoringError: If it cannot be written to.
    """
    path = Path(path)
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise UsageError(f"{path}: is there already and is not empty; name another folder for the copy.")
    with database.reading() as transaction:
        tables = {table: transaction.execute(select(table.__table__)).all() for table in (Picture, Stimulus)}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as unfinished:
            copy = StudyFolder(Path(unfinished) / path.name)
            shutil.copytree(folder.path, copy.path, ignore=shutil.ignore_patterns(*_OWN))
            copy.write(uuid.uuid4().hex, folder.design, folder.told["stimuli"], "sqlite")
            _fill(copy, tables)
            if path.exists():
                path.rmdir()
            shutil.move(copy.path, path)
    except OSError as error:  # shutil.Error, which is one, has no strerror
        raise StoringError(f"{path}: cannot be written to: {error.strerror or error}.") from error
    return StudyFolder(path)


def _fill(copy: StudyFolder, tables: dict[type[Picture | Stimulus], Sequence[Row[Any]]]) -> None:
    told = copy.told
    database = Database(f"sqlite:///{(copy.path / 'answers.sqlite').absolute()}")
    try:
        database.upgrade()
        with database.writing() as transaction:
            transaction.add(
                Study(id=1, uuid=told["uuid"], state="open", created=now(), design=told["design"])
            )
            note(transaction, "experimenter", "copied", {"stimuli": told["stimuli"]})
            for table, rows in tables.items():
                transaction.execute(insert(table), [dict(row._mapping) for row in rows])
    finally:
        database.close()
