"""Standard output that fails, and the progress bar."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from beholder.cli.console import progress_bar

COMMAND = [sys.executable, "-c", "from beholder.cli import main; main()"]
COMMANDS = [["score", "p.png", "p.png", "-q", "-m", "psnr"], ["metrics"], ["metrics", "--json"]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Image.new("RGB", (16, 16)).save(tmp_path / "p.png")
    return tmp_path


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize("buffered", ["", "1"])
@pytest.mark.parametrize("command", [*COMMANDS, [*COMMANDS[0], "--json"]], ids=" ".join)
def test_a_full_standard_output_is_told_in_a_line(folder: Path, command: list[str], buffered: str) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*COMMAND, *command],
            cwd=folder,
            env=os.environ | {"PYTHONUNBUFFERED": buffered},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 3
    assert done.stderr == "error: standard output cannot be written: No space left on device.\n"


@pytest.mark.parametrize("buffered", ["", "1"])
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_reader_that_has_seen_enough_is_no_error(folder: Path, command: list[str], buffered: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as closed:
        done = subprocess.run(
            [*COMMAND, *command],
            cwd=folder,
            env=os.environ | {"PYTHONUNBUFFERED": buffered},
            stdout=closed,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (3, "")


@pytest.mark.parametrize(("seconds", "shown"), [(0.5, False), (2.0, True)])
def test_the_rate_of_a_moment_is_left_out(seconds: float, shown: bool) -> None:
    bar = progress_bar()
    now = 0.0
    bar.get_time = lambda: now
    task = bar.add_task("scoring", total=10, failed="")
    bar.update(task, completed=5)
    now = seconds
    bar.update(task, completed=10)
    assert any("pairs/s" in str(column(bar.tasks[0])) for column in bar.columns) == shown
