"""`beholder study` as users call it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cli.conftest import Run

DESIGN = """
title: Which is closer?
kind: 2afc
stimuli: {bapps: bapps}
session: {trials: 4}
retention: 2100-01-01
"""


@pytest.fixture
def design(tmp_path: Path) -> Path:
    draw = np.random.default_rng(0)
    for part in ("ref", "p0", "p1"):
        (tmp_path / "bapps" / part).mkdir(parents=True)
        for row in range(4):
            pixels = draw.integers(0, 256, (8, 8, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / "bapps" / part / f"{row:06d}.png")
    (tmp_path / "design.yaml").write_text(DESIGN)
    return tmp_path / "design.yaml"


def test_a_study_is_made_once(run: Run, design: Path) -> None:
    study = design.parent / "faces"
    done = run("study", "new", study, "votes=3", "--design", design, "-q")
    assert done.returncode == 0, done.stderr
    assert "4 stimuli, 3 votes each: 3 observers who do all of their trials" in done.stderr
    assert "is known to ±0.57 where it is near one half; ±0.1 takes votes=97" in done.stderr
    assert "warning" not in done.stderr
    assert {each.name for each in study.iterdir()} >= {
        "study.json",
        "secret.key",
        "answers.sqlite",
        "stimuli",
    }
    again = run("study", "new", study, "--design", design, "-q")
    assert again.returncode == 2
    assert "is there already" in again.stderr


def test_a_precision_that_votes_do_not_give_is_warned_of(run: Run, design: Path) -> None:
    done = run("study", "new", design.parent / "faces", "precision=0.2", "--design", design, "-q")
    assert done.returncode == 0
    assert "warning: precision: ±0.2 is wished, and these votes give ±0.44; expected votes=25" in done.stderr


def test_designs_are_refused_with_the_line(run: Run, design: Path) -> None:
    design.write_text(DESIGN.replace("session: {trials: 4}", "session: {trial: 4}"))
    done = run("study", "new", design.parent / "faces", "--design", design)
    assert done.returncode == 2
    assert "line 5: there is no setting session.trial. Did you mean trials?" in done.stderr
    design.write_text(DESIGN + "ties: true\n")
    done = run("study", "new", design.parent / "faces", "kind=ranking", "--design", design)
    assert "error: " in done.stderr
    assert "kind ranking needs stimuli.conditions, at least 2." in done.stderr
    assert "'title'" not in done.stderr  # not all of the design
    assert not (design.parent / "faces").exists()


def test_serving_what_is_no_study(run: Run, tmp_path: Path) -> None:
    done = run("study", "serve", tmp_path)
    assert done.returncode == 2
    assert "holds no study" in done.stderr


def test_the_server_needs_no_torch() -> None:
    program = "import sys, beholder.study.app; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_the_password_is_told_once(run: Run, design: Path) -> None:
    study = design.parent / "faces"
    made = run("study", "new", study, "--design", design, "-q")
    first = made.stdout.strip()
    assert re.fullmatch(r"[2-9a-z]{5}-[2-9a-z]{5}-[2-9a-z]{5}", first)
    assert "/experimenter" in made.stderr
    kept = (study / "password").read_bytes()
    again = run("study", "password", study)
    assert again.returncode == 0, again.stderr
    assert again.stdout.strip() not in (first, "")
    assert (study / "password").read_bytes() != kept
    for file in study.rglob("*"):
        assert not file.is_file() or again.stdout.strip().encode() not in file.read_bytes()


def test_a_password_of_what_is_no_study(run: Run, tmp_path: Path) -> None:
    done = run("study", "password", tmp_path)
    assert done.returncode == 2
    assert "holds no study" in done.stderr
    assert done.stdout == ""
    assert list(tmp_path.glob("*password*")) == []
