"""The command as a user calls it: in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from torch import Tensor

from beholder.data.degradations import add_noise
from beholder.images import save_picture

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Call `beholder` with arguments, in an empty folder."""

    def call(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", "from beholder.cli import main; main()", *map(str, arguments)],
            cwd=tmp_path,
            env=os.environ | {"COLUMNS": "100"} | environment,
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
