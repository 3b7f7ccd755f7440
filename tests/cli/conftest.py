"""The command as a user calls it: in a process of its own, or one that is as good."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from torch import Tensor

from beholder.data.degradations import add_noise
from beholder.images import save_picture
from cli.forking import ForkedCommands

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def forked() -> Iterator[ForkedCommands]:
    """Processes that need not import what they use."""
    commands = ForkedCommands()
    yield commands
    commands.close()


@pytest.fixture
def run(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, forked: ForkedCommands) -> Run:
    """Call `beholder` with arguments, in an empty folder."""

    def call(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        words = list(map(str, arguments))
        told = {"COLUMNS": "100"} | environment
        if hasattr(os, "fork") and told.keys() <= {"COLUMNS", "BEHOLDER_CACHE"}:
            return forked.call(words, tmp_path, told, tmp_path_factory.mktemp("streams"))
        return subprocess.run(
            [sys.executable, "-c", "from beholder.cli import main; main()", *words],
            cwd=tmp_path,
            env=os.environ | told,
            capture_output=True,
            text=True,
            check=False,
        )

    return call


@pytest.fixture
def folders(photos: Tensor, tmp_path: Path) -> tuple[Path, Path]:
    """Two folders with two pairs; the second distorted picture is the noisier."""
    reference, distorted = tmp_path / "reference", tmp_path / "distorted"
    for folder in (reference, distorted):
        (folder / "sub").mkdir(parents=True)
    for name, photo, sigma in (("one", photos[0], 0.02), ("sub/two", photos[1], 0.1)):
        save_picture(photo, reference / f"{name}.png")
        save_picture(add_noise(photo, sigma, seed=0), distorted / f"{name}.bmp")
    return reference, distorted
