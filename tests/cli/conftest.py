"""The command as a user calls it: in a process of its own, or one that is as good."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from torch import Tensor

from beholder.data.degradations import add_noise
from beholder.data.photos import PHOTOS
from beholder.images import save_picture
from forking import PROGRAM, ForkedCommands

Run = Callable[..., subprocess.CompletedProcess[str]]

SMALL = ("network=compact:width=8:blocks=1", "data.patch=16", "data.workers=0", "batch=2")
"""Settings of a run that takes moments."""

# What no module reads as it is imported.
FORKABLE = {"COLUMNS", "BEHOLDER_CACHE", "PIP_NO_INDEX", "http_proxy", "https_proxy"}


@pytest.fixture
def run(tmp_path: Path, request: pytest.FixtureRequest) -> Run:
    """Call `beholder` with arguments, in an empty folder; or a program that changes it first."""

    def call(
        *arguments: str | Path, program: str = PROGRAM, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        told = {"COLUMNS": "100"} | environment
        if hasattr(os, "fork") and told.keys() <= FORKABLE:
            forked: ForkedCommands = request.getfixturevalue("forked")
            return forked.call(arguments, tmp_path, told, program)
        return subprocess.run(
            [sys.executable, "-c", program, *map(str, arguments)],
            cwd=tmp_path,
            env=os.environ | told,
            capture_output=True,
            text=True,
            check=False,
        )

    return call


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    """A folder of two, to train on."""
    (tmp_path / "photographs").mkdir()
    for photo in PHOTOS[:2]:
        save_picture(photo.detail(64), tmp_path / "photographs" / f"{photo.name}.png")
    return tmp_path / "photographs"


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
