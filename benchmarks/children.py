"""What a process of its own takes: memory at its peak, and time."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

BEHOLDER = (sys.executable, "-c", "from beholder.cli import main; main()")


def measure(
    command: tuple[str, ...], folder: Path, environment: Mapping[str, str] = os.environ
) -> tuple[float, float]:
    """Run a command in a folder; gives its peak in megabytes, and seconds.

    Who calls this should hold little memory: a child's peak counts from its parent's.

    Raises:
        SystemExit: If the command fails, with its exit code.
    """
    started = time.perf_counter()
    child = subprocess.Popen(command, cwd=folder, env=environment)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(child.returncode)
    # Linux counts in kibibytes, macOS in bytes.
    peak = used.ru_maxrss / 1e6 if sys.platform == "darwin" else used.ru_maxrss * 1024 / 1e6
    return peak, time.perf_counter() - started
