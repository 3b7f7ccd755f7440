"""`beholder study rehearse` as users call it."""

from __future__ import annotations

import json
from pathlib import Path

from cli.conftest import Run
from cli.test_study import design

__all__ = ["design"]


def test_a_rehearsal(run: Run, design: Path) -> None:
    study, out = design.parent / "faces", design.parent / "rehearsed"
    assert run("study", "new", study, "votes=1", "--design", design, "-q").returncode == 0
    done = run("study", "rehearse", study, out, "--observers", "2", "--careless", "0.5", "-q")
    assert done.returncode == 0, done.stderr
    # one gives all the votes there are
    assert f"made {out}: 17 answers; {out / 'truth.json'} tells the truth" in done.stderr
    assert "who came to the end: 1; for whom too little was left: 1" in done.stderr
    assert f"what it tells: beholder study analyse {out}" in done.stderr
    assert sorted(json.loads((out / "truth.json").read_text())["observers"].values()) == ["", "random"]
    refused = run("study", "rehearse", study, design.parent / "other", "--careless", "2")
    assert refused.returncode == 2
    assert "a share from 0 to 1" in refused.stderr
