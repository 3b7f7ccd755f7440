"""The guide, built once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

import beholder

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the guide, built once, whichever processes run the tests; any warning would have ended it."""
    pytest.importorskip("material", reason="the guide needs the extra 'guide'")
    pytest.importorskip("mkdocstrings_handlers", reason="the guide needs the extra 'guide'")
    shared = tmp_path_factory.getbasetemp()
    shared = shared.parent if "PYTEST_XDIST_WORKER" in os.environ else shared
    folder, told = shared / "guide", shared / "guide.txt"
    with FileLock(shared / "guide.lock"):
        if not told.exists():
            told.write_text(build(folder), encoding="utf-8")
    failure = told.read_text(encoding="utf-8")
    assert not failure, failure
    return folder


def build(folder: Path) -> str:
    """Build the guide, and return what mkdocs says if it fails."""
    nowhere = "http://127.0.0.1:9"  # whatever asks the web fails
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        env={
            **os.environ,
            "NO_MKDOCS_2_WARNING": "1",
            "PYTHONPATH": str(Path(beholder.__path__[0]).parent),
            **dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), nowhere),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr if done.returncode or not (folder / "index.html").is_file() else ""
