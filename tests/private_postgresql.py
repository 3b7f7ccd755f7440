"""A PostgreSQL server of one's own: made, used by a socket, thrown away."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

WAIT = 60  # seconds for the server to start
USERS = ("postgres", "nobody")  # instead of root, whom PostgreSQL refuses


def why_not() -> str | None:
    """Why there can be no PostgreSQL here; ``None`` if there can."""
    if _program("initdb") is None or _program("postgres") is None:
        return "PostgreSQL's initdb and postgres are neither on the PATH nor in /usr/lib/postgresql"
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        return "PostgreSQL does not run as root, and there is no setpriv to run it as somebody else"
    return None


def _program(name: str) -> str | None:
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return shutil.which(name) or (str(installed[-1]) if installed else None)


def _other_user() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    return next(found for found in pwd.getpwall() if found.pw_name in USERS)


@contextlib.contextmanager
def private_postgresql() -> Iterator[Path]:
    """The folder with the socket of a server with the user ``study``; it writes through to the disk (fsync) as any."""
    # Not in pytest's folder, which root alone can enter, and whose name may be too long for a socket.
    with tempfile.TemporaryDirectory(prefix="postgresql-") as name:
        folder, user, prefix = Path(name), _other_user(), []
        if user is not None:
            os.chown(folder, user.pw_uid, user.pw_gid)
            prefix = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
        told = {
            "cwd": folder,
            "stdout": subprocess.DEVNULL,
            "env": {**os.environ, "HOME": name, "LC_ALL": "C"},
        }
        data = folder / "data"
        initdb = [
            *prefix,
            str(_program("initdb")),
            "-D",
            str(data),
            "-U",
            "study",
            "-A",
            "trust",
            "-E",
            "UTF8",
        ]
        subprocess.run(initdb, check=True, **told)
        options = ["-k", name, "-c", "listen_addresses=", "-c", "max_connections=200"]
        command = [*prefix, str(_program("postgres")), "-D", str(data), *options]
        with (folder / "log").open("w") as log, subprocess.Popen(command, stderr=log, **told) as server:
            try:
                _wait_for(server, folder)
                yield folder
            finally:
                server.send_signal(signal.SIGQUIT)  # at once: nothing of it is kept


def _wait_for(server: subprocess.Popen[bytes], folder: Path) -> None:
    import psycopg

    deadline = time.monotonic() + WAIT
    while True:
        try:
            psycopg.connect(host=str(folder), user="study", dbname="postgres").close()
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((folder / "log").read_text()) from None
            time.sleep(0.05)
        else:
            return


def new_database(folder: Path, name: str) -> str:
    """The address of a new, empty database."""
    import psycopg

    with psycopg.connect(host=str(folder), user="study", dbname="postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return f"postgresql+psycopg://study@/{name}?host={folder}"
