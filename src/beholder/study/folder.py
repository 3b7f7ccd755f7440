"""A study's folder."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from beholder.spec import StoringError, UsageError
from beholder.study.database import Database
from beholder.study.design import Design
from beholder.study.models import Study
from beholder.study.services.password import PasswordHash, draw_password

if TYPE_CHECKING:
    from typing import Any

__all__ = ["StudyFolder"]

_DIGEST_LENGTH = 64
_KEY_BYTES = 32


class StudyFolder:
    """Where a study's pictures, key and, unless another database is named, its answers lie.

    ``study.json`` tells what it is, ``stimuli/`` holds the pictures, ``secret.key`` signs what observers carry,
    ``password`` holds the hash of the experimenter's password, ``answers.sqlite`` the answers.

    Args:
        path: The folder.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    @property
    def told(self) -> dict[str, Any]:
        """What ``study.json`` tells.

        Raises:
            UsageError: If the folder holds no study.
        """
        file = self.path / "study.json"
        try:
            told = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise UsageError(
                f"{self.path}: holds no study ({file.name} cannot be read); `beholder study new` makes one."
            ) from error
        if not isinstance(told, dict) or not {"uuid", "design", "database"} <= told.keys():
            raise UsageError(f"{file}: is damaged; expected what `beholder study new` wrote.")
        return told

    @property
    def design(self) -> Design:
        """The design that the study was made with."""
        return Design.model_validate(self.told["design"])

    @property
    def key(self) -> bytes:
        """The secret that signs.

        Raises:
            UsageError: If it cannot be read.
        """
        try:
            return (self.path / "secret.key").read_bytes()
        except OSError as error:
            raise UsageError(
                f"{self.path / 'secret.key'}: cannot be read: {error.strerror}. Without it observers cannot go on."
            ) from error

    @property
    def password(self) -> PasswordHash | None:
        """The hash of the experimenter's password; ``None`` before one was drawn.

        Raises:
            UsageError: If it cannot be read, or is damaged.
        """
        file = self.path / "password"
        try:
            return PasswordHash.read(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise UsageError(f"{file}: cannot be read: {error.strerror}.") from error

    def renew_password(self) -> str:
        """Draw the experimenter's password, and keep its hash alone; who is logged in is so no longer.

        Returns:
            The password, which nobody can tell a second time.

        Raises:
            UsageError: If the folder holds no study.
            StoringError: If it cannot be written to.
        """
        _ = self.told
        drawn = draw_password()
        try:
            self.write_secret("password", PasswordHash.of(drawn).write().encode())
        except OSError as error:
            raise StoringError(f"{self.path}: cannot be written to: {error.strerror}.") from error
        return drawn

    def write(self, uuid: str, design: Design, stimuli: int, database: str) -> None:
        """Write what tells what the study is, and a new secret.

        Args:
            uuid: The same as in the database.
            design: What is asked.
            stimuli: How many are judged.
            database: ``sqlite``, or the address without its password.

        Raises:
            StoringError: If the folder cannot be written to.
        """
        told = {"uuid": uuid, "database": database, "stimuli": stimuli}
        told["design"] = design.model_dump(mode="json")
        try:
            (self.path / "study.json").write_text(
                json.dumps(told, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
            )
            self.write_secret("secret.key", secrets.token_bytes(_KEY_BYTES))
        except OSError as error:
            raise StoringError(f"{self.path}: cannot be written to: {error.strerror}.") from error

    def write_secret(self, name: str, content: bytes) -> None:
        """Write a file that nobody else can read, whole or not at all."""
        partial = self.path / f".{name}.partial"
        partial.unlink(missing_ok=True)
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
        partial.replace(self.path / name)

    def picture(self, digest: str) -> Path:
        """The file of a picture.

        Raises:
            UsageError: If the digest is none: nothing else is ever made a path of.
        """
        if len(digest) != _DIGEST_LENGTH or not set(digest) <= set("0123456789abcdef"):
            raise UsageError(f"found {digest!r}; expected the SHA-256 of a picture.")
        return self.path / "stimuli" / digest[:2] / f"{digest}.png"

    def open_database(self, address: str | None = None) -> Database:
        """Open the study's database, brought up to date.

        Args:
            address: Where it is, unless it lies in the folder.

        Raises:
            UsageError: If it is another than the one that the study was made with.
            StoringError: If it does not do its work.
        """
        kept = self.told["database"]
        if kept == "sqlite" and address is None:
            file = self.path / "answers.sqlite"
            if not file.is_file():
                raise UsageError(f"{file}: no such file; the study's answers are lost or elsewhere.")
            database = Database(f"sqlite:///{file.absolute()}")
        elif kept != "sqlite" and address is not None:
            database = Database(address)
        else:
            wanted = "--database, or the variable BEHOLDER_DATABASE" if address is None else "no --database"
            raise UsageError(f"{self.path}: keeps its answers in {kept}; expected {wanted}.")
        try:
            database.upgrade()
            _check_same(self, database)
        except BaseException:
            database.close()
            raise
        return database


def _check_same(folder: StudyFolder, database: Database) -> None:
    with database.reading() as transaction:
        found = transaction.get(Study, 1)
    if found is None or found.uuid != folder.told["uuid"]:
        other = "no study" if found is None else "another study"
        raise UsageError(f"{database.name}: holds {other}, not that of {folder.path}.")
