"""Tables: made by migrations, equal on both databases, nobody's but the study's own."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from beholder.spec import StoringError, UsageError
from beholder.study.database import Database
from beholder.study.folder import StudyFolder
from beholder.study.models import Base
from study.conftest import MakeStudy


def test_migrations_make_the_models_tables(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new.sqlite'}")
    database.upgrade()
    database.upgrade()  # again, of what is up to date
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    database.close()


def test_answers_are_written_through(make_study: MakeStudy) -> None:
    database = make_study().open_database()
    with database.reading() as transaction:
        found = [
            transaction.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    assert found == ["wal", 2, 1]  # 2 is FULL
    database.close()


def test_a_database_of_a_later_version(make_study: MakeStudy) -> None:
    folder = make_study()
    with sqlite3.connect(folder.path / "answers.sqlite") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(StoringError, match="later version of Beholder"):
        folder.open_database()


def test_a_database_of_another_study(make_study: MakeStudy) -> None:
    one, other = make_study("one"), make_study("other")
    (one.path / "answers.sqlite").replace(other.path / "answers.sqlite")
    with pytest.raises(UsageError, match="holds another study"):
        other.open_database()
    with pytest.raises(UsageError, match="no such file"):
        one.open_database()


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("mysql://somewhere/x", "a database of mysql"),
        ("nonsense", "no address"),
        ("postgresql+nodriver://somewhere/x", ""),
    ],
)
def test_addresses_that_are_none(address: str, found: str) -> None:
    with pytest.raises(Exception, match=found or "psycopg"):
        Database(address)


def test_passwords_are_not_told() -> None:
    pytest.importorskip("psycopg")
    database = Database("postgresql+psycopg://me:secret@127.0.0.1:1/none")
    with pytest.raises(StoringError) as told:
        database.upgrade()
    assert "secret" not in str(told.value)
    assert "me:***@" in str(told.value)


def test_what_is_no_study(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no study"):
        _ = StudyFolder(tmp_path).told
    (tmp_path / "study.json").write_text("[]")
    with pytest.raises(UsageError, match="is damaged"):
        _ = StudyFolder(tmp_path).told


@pytest.mark.parametrize("digest", ["../secret", "0" * 63, "0" * 63 + "G", "0" * 64 + "/", ""])
def test_pictures_have_digests(tmp_path: Path, digest: str) -> None:
    with pytest.raises(UsageError, match="SHA-256"):
        StudyFolder(tmp_path).picture(digest)
