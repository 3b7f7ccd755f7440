"""Standard output that fails, and the progress bar."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from beholder.cli.console import progress_bar
from cli.conftest import Run
from forking import PROGRAM

SCORE = ["score", "p.png", "p.png", "-q", "-m", "psnr"]
COMMANDS = [SCORE, ["metrics"], ["metrics", "--json"]]

# Standard output is a disk that is full, or a pipe whose reader has left.
FULL = "import os; os.dup2(os.open('/dev/full', os.O_WRONLY), 1)"
LEFT = "import os; reading, writing = os.pipe(); os.close(reading); os.dup2(writing, 1)"


WriteTo = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def write_to(run: Run, tmp_path: Path) -> WriteTo:
    """Call a command whose standard output fails; without a buffer if asked, which wants a process of its own."""
    Image.new("RGB", (16, 16)).save(tmp_path / "p.png")

    def call(output: str, command: list[str], *, buffered: bool) -> subprocess.CompletedProcess[str]:
        told = {} if buffered else {"PYTHONUNBUFFERED": "1"}
        return run(*command, program=f"{output}\n{PROGRAM}", **told)

    return call


def unbuffered(quick: list[str], commands: list[list[str]]) -> list[object]:
    """All of the commands, of which all but one are slow: each imports everything anew."""
    return [
        pytest.param(command, marks=() if command == quick else pytest.mark.slow, id=" ".join(command))
        for command in commands
    ]


def check_full(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 3
    assert done.stderr == "error: standard output cannot be written: No space left on device.\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize("command", [*COMMANDS, [*SCORE, "--json"]], ids=" ".join)
def test_a_full_standard_output_is_told_in_a_line(write_to: WriteTo, command: list[str]) -> None:
    check_full(write_to(FULL, command, buffered=True))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize("command", unbuffered(["metrics"], [*COMMANDS, [*SCORE, "--json"]]))
def test_a_full_standard_output_without_a_buffer_is_told_too(write_to: WriteTo, command: list[str]) -> None:
    check_full(write_to(FULL, command, buffered=False))


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_reader_that_has_seen_enough_is_no_error(write_to: WriteTo, command: list[str]) -> None:
    done = write_to(LEFT, command, buffered=True)
    assert (done.returncode, done.stderr) == (3, "")


@pytest.mark.parametrize("command", unbuffered(SCORE, COMMANDS))
def test_a_reader_that_has_seen_enough_is_no_error_without_a_buffer(
    write_to: WriteTo, command: list[str]
) -> None:
    done = write_to(LEFT, command, buffered=False)
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
