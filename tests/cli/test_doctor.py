"""`beholder doctor`: words, JSON and exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from beholder.backbones import CARDS
from cli.conftest import Run

SUBJECTS = [
    "installation",
    "extras",
    "processor",
    "gpus",
    "engines",
    "weights",
    "video",
    "speed",
    "completion",
]


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    """A cache whose weights of AlexNet are damaged."""
    path = tmp_path / "cache" / "weights" / "alexnet" / CARDS["alexnet"].sources[0].file
    path.parent.mkdir(parents=True)
    path.write_bytes(b"damaged")
    return tmp_path / "cache"


def test_for_machines(run: Run) -> None:
    done = run("doctor", "--json")
    told = json.loads(done.stdout)
    assert list(told) == [*SUBJECTS, "findings", "broken"]
    assert done.returncode == 0, [each for each in told["findings"] if each["level"] == "broken"]
    assert told["broken"] is False
    assert {row["engine"] for row in told["speed"]["measured"]} >= {"torch", "winograd"}
    assert str(Path.home()) not in done.stdout
    assert "examining" in done.stderr


def test_for_people_where_something_is_broken(run: Run, damaged: Path) -> None:
    done = run("doctor", "-q", BEHOLDER_CACHE=str(damaged))
    assert done.returncode == 1
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert [line for line in lines if not line.startswith(" ")] == [*SUBJECTS, "verdict"]
    broken = next(place for place, line in enumerate(lines) if line.startswith("  broken  alexnet: "))
    assert lines[broken + 1].strip() == "-> beholder weights fetch alexnet"
    assert lines[-1].startswith("  1 thing is broken: do what stands behind the arrow; ")


def test_it_tells_of_a_torch_that_does_not_load(tmp_path: Path, damaged: Path) -> None:
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").write_text("raise OSError('libtorch.so: damaged')", encoding="utf-8")
    program = (
        f"import os, sys; sys.path.insert(0, {str(tmp_path)!r}); os.environ['BEHOLDER_CACHE'] = {str(damaged)!r}\n"
        "from beholder.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "doctor", "--json"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stderr
    told = json.loads(done.stdout)
    assert told["installation"]["torch_works"] is False
    assert told["speed"]["measured"] == []
    broken = [each["told"] for each in told["findings"] if each["level"] == "broken"]
    assert any("OSError: libtorch.so: damaged" in each for each in broken)
    assert any(each.startswith("alexnet: ") for each in broken)


@pytest.mark.parametrize(("shell", "level"), [("/bin/zsh", "fine"), ("/bin/bash", "missing")])
def test_completion(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shell: str, level: str) -> None:
    from beholder.cli.doctor import _completion

    (tmp_path / ".zfunc").mkdir()
    (tmp_path / ".zfunc" / "_beholder").touch()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SHELL", shell)
    section = _completion()
    assert section.facts == {"shell": Path(shell).name, "installed": ["zsh"]}
    assert section.findings[0].level == level
