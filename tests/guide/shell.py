"""A shell in which `beholder` starts at once, and programs that would change the machine are stand-ins.

Calls go through a socket to the process of the tests, which forks `beholder` (`forking.ForkedCommands`) and says what it
told. A server of scores is left running until the shell is closed; one of a study until people have answered, who are
those of `beholder study rehearse`.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer

from beholder.backbones.cache import cache_folder
from beholder.cli.app import app
from forking import ForkedCommands, Started

__all__ = ["Shell", "parse_call"]

ROOT = Path(__file__).parents[2]
_MISUSED: Any = typer.BadParameter.__base__  # of all that parsing refuses
_PATIENCE = 120  # seconds for a block
ELSEWHERE = ("s3://", "ray://", "auto")  # what names machines that are not here is parsed, no more

_CALL = """#!{python} -ISs
import json, os, socket, sys
line = socket.socket(socket.AF_UNIX)
line.connect({address!r})
told = {{"program": os.path.basename(sys.argv[0]), "arguments": sys.argv[1:], "folder": os.getcwd(),
        "environment": dict(os.environ)}}
line.sendall(json.dumps(told).encode() + b"\\n")
answer = json.loads(line.makefile().read())
sys.stdout.write(answer["output"])
sys.stderr.write(answer["errors"])
sys.exit(answer["code"])
"""


class Shell:
    """Runs blocks in a folder, each in a bash of its own that stops at the first call that fails.

    Args:
        folder: Where it runs; the user's home, too.
        commands: What forks `beholder`.
    """

    def __init__(self, folder: Path, commands: ForkedCommands) -> None:
        self._folder, self._commands = folder, commands
        self._servers: list[Started] = []
        self._running: Started | None = None
        self._asked: dict[str, Any] = {}
        places = [folder / ".venv/bin" / name for name in ("beholder", "python", "pip")]
        places += [folder / ".stand-ins" / name for name in _STAND_INS if name not in ("python", "pip")]
        # The path of a socket is short: it cannot lie as deep as a test's folder.
        self._short = tempfile.TemporaryDirectory()
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(f"{self._short.name}/calls")
        self._socket.listen()
        for place in places:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(_CALL.format(python=sys.executable, address=self._socket.getsockname()))
            place.chmod(0o755)
        (folder / ".venv/bin/activate").touch()
        self._thread = threading.Thread(target=self._answer, daemon=True)
        self._thread.start()

    def run(self, code: str, *, endings: Mapping[str, str], read_only: bool) -> None:
        """Run a block.

        Args:
            code: What bash is given.
            endings: What calls of `beholder` end with, by the words that they begin with.
            read_only: Parse the calls of `beholder`, no more.

        Raises:
            AssertionError: If it fails, with what it told; or if an ending was for no call.
        """
        self._asked = {"endings": endings, "read_only": read_only, "ended": set()}
        bins = [str(self._folder / ".venv/bin"), str(self._folder / ".stand-ins")]
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", code],
            cwd=self._folder,
            env={
                **os.environ,
                "PATH": os.pathsep.join([*bins, os.environ["PATH"]]),
                "HOME": str(self._folder),
                "BEHOLDER_CACHE": str(cache_folder().parent),
                "COLUMNS": "100",
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=_PATIENCE,
        )
        assert done.returncode == 0, (
            f"ended with {done.returncode}:\n{code}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
        )
        unused = endings.keys() - self._asked["ended"]
        assert not unused, f"no call begins with {' or '.join(unused)}"

    def close(self) -> None:
        """Interrupt the servers; each must end as it does after Ctrl-C."""
        if self._running is not None and self._running not in self._servers:
            self._running.send_signal(signal.SIGKILL)  # a block that took too long
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()
        self._short.cleanup()
        for server in self._servers:
            server.send_signal(signal.SIGINT)
        codes = [server.wait() for server in self._servers]
        assert set(codes) <= {0, 130}, codes

    def _answer(self) -> None:
        while True:
            try:
                line, _ = self._socket.accept()
            except OSError:  # closed
                return
            with line, line.makefile("rw") as stream:
                call = json.loads(stream.readline())
                try:
                    code, output, errors = self._call(**call)
                except (ValueError, AssertionError, OSError) as error:
                    code, output, errors = (
                        2,
                        "",
                        f"{shlex.join([call['program'], *call['arguments']])}: {error}\n",
                    )
                json.dump({"code": code, "output": output, "errors": errors}, stream)

    def _call(
        self, program: str, arguments: list[str], folder: str, environment: dict[str, str]
    ) -> tuple[int, str, str]:
        if program != "beholder":
            _STAND_INS[program](arguments)
            return 0, "", ""
        for begin, end in self._asked["endings"].items():
            if " ".join(["beholder", *arguments]).startswith(begin):
                arguments = [*arguments, *shlex.split(end)]
                self._asked["ended"].add(begin)
        if self._asked["read_only"] or any(word.startswith(ELSEWHERE) for word in arguments):
            parse_call(arguments)
            return 0, "", ""
        started = self._running = self._commands.start(arguments, Path(folder), environment)
        serves = "serve" in arguments[:2]
        while (code := started.poll()) is None:
            if serves and "http://" in started.output.read_text() + started.errors.read_text():
                self._servers.append(started)
                code = 0
                break
            time.sleep(0.01)
        if arguments[:2] == ["study", "serve"]:
            self._have_answered(Path(folder) / arguments[2])
        return code, started.output.read_text(), started.errors.read_text()

    def _have_answered(self, study: Path) -> None:
        answered = study.with_name(f"{study.name}-answered")
        done = self._commands.call(["study", "rehearse", study, answered, "--observers", "6"], study.parent)
        assert done.returncode == 0, done.stderr
        shutil.rmtree(study)
        answered.rename(study)


def parse_call(arguments: list[str]) -> None:
    """Parse the words after `beholder` as the command would.

    Raises:
        ValueError: If a command or an option is unknown, or an argument is missing.
    """
    command: Any = typer.main.get_command(app)
    left = list(arguments)
    if not hasattr(command, "commands"):
        raise TypeError("beholder has no subcommands")
    while left and (inner := getattr(command, "commands", {}).get(left[0])):
        command = inner
        left.pop(0)
    try:
        # Options of `beholder` itself, such as --install-completion, act as they are parsed.
        command.make_context(" ".join(arguments[:2]), left, resilient_parsing=len(left) == len(arguments))
    except typer.Exit:
        return
    except _MISUSED as error:
        raise ValueError(error.format_message()) from error


def _make(arguments: list[str]) -> None:
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    wrong = {word for word in arguments if "=" not in word} - set(targets)
    if wrong:
        raise ValueError(f"no target {', '.join(wrong)}")


def _pip(arguments: list[str]) -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        extras = tomllib.load(file)["project"]["optional-dependencies"]
    for word in arguments[1:]:
        found = re.fullmatch(r"(?:beholder|\.)(?:\[([\w,]+)\])?", word)
        if (
            arguments[0] != "install"
            or not found
            or not set(filter(None, (found[1] or "").split(","))) <= set(extras)
        ):
            raise ValueError("no such package or extra")


def _python(arguments: list[str]) -> None:
    if not (ROOT / arguments[0]).is_file():
        raise ValueError("no such program")


def _elsewhere(arguments: list[str]) -> None:
    """What other programs understand is theirs to say."""


_STAND_INS = {"make": _make, "pip": _pip, "python": _python} | dict.fromkeys(
    ("createdb", "podman", "pre-commit", "ray", "tensorboard"), _elsewhere
)
