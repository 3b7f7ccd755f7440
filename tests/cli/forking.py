"""Calls of the command in processes that are forked from one that has imported what commands import.

Importing takes a command two of its three seconds. A fork has all else of a process of its own: arguments, folder,
environment, streams, exit code.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

__all__ = ["ForkedCommands"]

# What takes long to import, and starts no thread by being imported.
_SERVER = """
import json, os, sys
import lightning_fabric, numpy, PIL.Image, polars, pydantic, rich.progress, safetensors.torch, scipy.optimize, scipy.stats
import torch, typer, yaml
import beholder.catalog, beholder.data.packs, beholder.metrics.lpips, beholder.scoring
for line in sys.stdin:
    asked = json.loads(line)
    child = os.fork()
    if not child:
        break
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)
else:
    sys.exit()
os.chdir(asked["folder"])
os.environ.clear()
os.environ.update(asked["environment"])
for stream, name, flags in ((0, os.devnull, os.O_RDONLY), (1, asked["output"], os.O_WRONLY), (2, asked["errors"], os.O_WRONLY)):
    opened = os.open(name, flags)
    os.dup2(opened, stream)
    os.close(opened)
sys.argv[1:] = asked["arguments"]
from beholder.cli import main
main()
"""


class ForkedCommands:
    """A process that forks, for as long as the tests run."""

    def __init__(self) -> None:
        self._server: subprocess.Popen[str] | None = None

    def call(
        self, arguments: Sequence[str], folder: Path, environment: dict[str, str], scratch: Path
    ) -> subprocess.CompletedProcess[str]:
        """Call `beholder` in a folder; its streams go through files in another."""
        if self._server is None:
            self._server = subprocess.Popen(
                [sys.executable, "-c", _SERVER],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env=os.environ | environment,
            )
        output, errors = scratch / "stdout", scratch / "stderr"
        for file in (output, errors):
            file.write_bytes(b"")
        asked = {
            "arguments": list(arguments),
            "folder": str(folder),
            "environment": dict(os.environ) | environment,
            "output": str(output),
            "errors": str(errors),
        }
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps(asked) + "\n")
        self._server.stdin.flush()
        code = int(self._server.stdout.readline())
        return subprocess.CompletedProcess(
            arguments,
            code,
            output.read_text(encoding="utf-8"),
            errors.read_text(encoding="utf-8"),
        )

    def close(self) -> None:
        """End the process."""
        if self._server is not None:
            self._server.communicate("")
