"""Where a study's answers lie: SQLite in its folder, or PostgreSQL."""

from __future__ import annotations

import contextlib
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.orm import Session as Transaction

from beholder.spec import MissingPackageError, StoringError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Database", "now"]

_MIGRATIONS = Path(__file__).parent / "migrations"
_WAIT = 30  # seconds for another process that writes
_LOCK = 0xBE401DE2  # PostgreSQL's, of those who hand out stimuli


def now() -> int:
    """Milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000


class Database:
    """The tables of a study.

    SQLite writes each answer through to the disk before it is acknowledged (WAL, synchronous FULL), one writer at a
    time.

    Args:
        address: ``sqlite:///FILE`` or ``postgresql+psycopg://USER:PASSWORD@HOST/NAME``.

    Raises:
        UsageError: If the address is of no database that will do.
        MissingPackageError: If PostgreSQL's driver is missing.
    """

    def __init__(self, address: str) -> None:
        try:
            self._url = make_url(address)
        except ArgumentError as error:
            raise UsageError(_expected("no address of a database")) from error
        if self._url.get_backend_name() not in ("sqlite", "postgresql"):
            raise UsageError(_expected(f"a database of {self._url.get_backend_name()}"))
        self.is_sqlite = self._url.get_backend_name() == "sqlite"
        try:
            if self.is_sqlite:
                self.engine = create_engine(self._url, connect_args={"timeout": _WAIT}, pool_size=20)
            else:
                self.engine = create_engine(self._url, pool_size=20, max_overflow=20, pool_pre_ping=True)
        except (NoSuchModuleError, ModuleNotFoundError) as error:
            raise MissingPackageError(
                f"{self.name} needs the package psycopg: pip install 'beholder[postgresql]'"
            ) from error
        self._writing = threading.Lock()
        if self.is_sqlite:
            event.listen(self.engine, "connect", _prepare_sqlite)

    @property
    def name(self) -> str:
        """The address without its password."""
        return self._url.render_as_string(hide_password=True)

    def upgrade(self) -> None:
        """Make the tables, or bring those of an earlier version up to date.

        Raises:
            StoringError: If the database cannot be reached, or was made by a later version.
        """
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
        try:
            with self.engine.begin() as connection:
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
        except CommandError as error:
            raise StoringError(
                f"{self.name}: was made by a later version of Beholder ({error}); update this one."
            ) from error
        except DBAPIError as error:
            raise self._unreachable(error) from error

    @contextlib.contextmanager
    def reading(self) -> Iterator[Transaction]:
        """What is read together."""
        try:
            with Transaction(self.engine) as transaction:
                yield transaction
        except DBAPIError as error:
            raise self._unreachable(error) from error

    @contextlib.contextmanager
    def writing(self) -> Iterator[Transaction]:
        """What is written together, or not at all; on the disk when it ends."""
        with self._writing if self.is_sqlite else contextlib.nullcontext():
            try:
                with Transaction(self.engine, expire_on_commit=False) as transaction:
                    if (
                        self.is_sqlite
                    ):  # no reader that becomes a writer, whom another writer could have overtaken
                        transaction.execute(text("BEGIN IMMEDIATE"))
                    yield transaction
                    transaction.commit()
            except DBAPIError as error:
                raise self._unreachable(error) from error

    def alone(self, transaction: Transaction) -> None:
        """Have no other transaction hand out stimuli until this one ends; SQLite has one writer in any case."""
        if not self.is_sqlite:
            transaction.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def _unreachable(self, error: DBAPIError) -> StoringError:
        reason = " ".join(str(error.orig).split())
        return StoringError(f"{self.name}: the database does not do its work: {reason}")


def _expected(found: str) -> str:
    return (
        f"database: found {found}; expected postgresql+psycopg://USER:PASSWORD@HOST/NAME or sqlite:///FILE."
    )


def _prepare_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None  # transactions begin where we say
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={_WAIT * 1000}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
