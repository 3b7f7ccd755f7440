"""Processes that are forked from one that has imported what they use.

Importing takes a process two of its three seconds, and freeing what was imported half of another. A fork has all else of
a process of its own: arguments, folder, environment, streams, signals, a session, threads that are waited for, exit code.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ["PROGRAM", "ForkedCommands", "Started"]

PROGRAM = "from beholder.cli import main; main()"

# What takes long to import, and starts no thread by being imported.
_SERVER = """
import atexit, contextlib, gc, json, os, sys, threading, traceback
import jinja2, numpy, PIL.Image, polars, pydantic.type_adapter, rich.markup, rich.progress, safetensors.torch
import scipy.optimize, scipy.stats, torch, typer, yaml
import beholder.catalog, beholder.cli, beholder.data.packs, beholder.metrics.lpips, beholder.reports, beholder.scoring
for name in ("fastapi", "lightning_fabric", "optuna", "sqlalchemy.orm", "uvicorn"):
    with contextlib.suppress(ImportError):
        __import__(name)
gc.collect()
gc.freeze()  # so that a fork's collector writes to no page that it shares
for line in sys.stdin:
    asked = json.loads(line)
    if "wait" in asked:
        ended, status = os.waitpid(asked["wait"], os.WNOHANG if asked["at_once"] else 0)
        print(json.dumps(os.waitstatus_to_exitcode(status) if ended else None), flush=True)
        continue
    child = os.fork()
    if not child:
        break
    print(child, flush=True)
else:
    sys.exit()
os.setsid()
os.chdir(asked["folder"])
os.environ.clear()
os.environ.update(asked["environment"])
for stream, name, flags in ((0, os.devnull, os.O_RDONLY), (1, asked["output"], os.O_WRONLY), (2, asked["errors"], os.O_WRONLY)):
    opened = os.open(name, flags)
    os.dup2(opened, stream)
    os.close(opened)
sys.argv[1:] = asked["arguments"]
code = 0
try:
    exec(asked["program"], {"__name__": "__main__"})
except SystemExit as end:
    code = end.code if isinstance(end.code, int) else int(end.code is not None)
    if code and code is not end.code:
        print(end.code, file=sys.stderr)
except BaseException:
    traceback.print_exc()
    code = 1
# As the interpreter ends, but for the half second in which it frees what ends with the process.
threading._shutdown()
atexit._run_exitfuncs()
sys.stdout.flush()
sys.stderr.flush()
os._exit(code)
"""


class Started:
    """A process that was forked, the first of a group and a session of its own.

    Attributes:
        pid: Its number.
        output: The file that its standard output goes to.
        errors: That of its standard error.
    """

    def __init__(self, commands: ForkedCommands, pid: int, output: Path, errors: Path) -> None:
        self.pid, self.output, self.errors = pid, output, errors
        self._commands = commands
        self._code: int | None = None

    def poll(self, *, at_once: bool = True) -> int | None:
        """Its exit code; ``None`` while it runs."""
        if self._code is None:
            self._code = self._commands.ask({"wait": self.pid, "at_once": at_once})
        return self._code

    def wait(self, seconds: float = 120) -> int:
        """Its exit code, once it has ended."""
        deadline = time.monotonic() + seconds
        while self.poll() is None:
            if time.monotonic() > deadline:
                raise TimeoutError(f"process {self.pid} still runs after {seconds} seconds")
            time.sleep(0.005)
        code = self.poll()
        assert code is not None
        return code

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def __enter__(self) -> Started:
        return self

    def __exit__(self, *_: object) -> None:
        self.send_signal(signal.SIGKILL)
        self.poll(at_once=False)


class ForkedCommands:
    """A process that forks, for as long as the tests run."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._server: subprocess.Popen[str] | None = None
        self._started: list[Started] = []

    def start(
        self,
        arguments: Sequence[str | Path],
        folder: Path,
        environment: Mapping[str, str] | None = None,
        program: str = PROGRAM,
    ) -> Started:
        """Call `beholder`, or another program, in a folder; its streams go to files."""
        streams = [self._scratch / f"{len(self._started)}.{name}" for name in ("stdout", "stderr")]
        for file in streams:
            file.touch()
        asked = {
            "program": program,
            "arguments": list(map(str, arguments)),
            "folder": str(folder),
            "environment": dict(os.environ) | dict(environment or {}),
            "output": str(streams[0]),
            "errors": str(streams[1]),
        }
        pid = self.ask(asked)
        assert pid is not None
        self._started.append(Started(self, pid, *streams))
        return self._started[-1]

    def call(
        self,
        arguments: Sequence[str | Path],
        folder: Path,
        environment: Mapping[str, str] | None = None,
        program: str = PROGRAM,
    ) -> subprocess.CompletedProcess[str]:
        """Call it, and wait for its end."""
        started = self.start(arguments, folder, environment, program)
        code = started.poll(at_once=False)
        assert code is not None
        told = (stream.read_text(encoding="utf-8") for stream in (started.output, started.errors))
        return subprocess.CompletedProcess(list(map(str, arguments)), code, *told)

    def ask(self, line: object) -> int | None:
        """Have the process that forks do something; its answer."""
        if self._server is None:
            self._server = subprocess.Popen(
                [sys.executable, "-c", _SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps(line) + "\n")
        self._server.stdin.flush()
        answer = json.loads(self._server.stdout.readline())
        assert answer is None or isinstance(answer, int)
        return answer

    def close(self) -> None:
        """End the process, and those that it forked."""
        if self._server is None:
            return
        for started in self._started:
            with contextlib.suppress(ProcessLookupError):
                started.send_signal(signal.SIGKILL)
        self._server.communicate("")
