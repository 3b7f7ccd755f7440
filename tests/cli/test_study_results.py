"""`beholder study analyse` and `export`, and that metrics take what is exported."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sqlalchemy", reason="studies need the extra 'study'")

from PIL import Image
from torch import Tensor

from beholder.images import save_picture
from beholder.study.models import Stimulus
from cli.conftest import Run
from study.answering import answer_all
from study.conftest import MakeStudy, bapps, make_study

__all__ = ["bapps", "make_study"]

DESIGN = """
title: Which is closer?
kind: 2afc
stimuli: {bapps: bapps}
votes: 3
session: {trials: 12, breaks: {every: 0}}
training: {trials: 1}
retention: 2100-01-01
"""
CATCH = {"identical": 2, "noise": 2}


def mostly_p1(_: Stimulus, draw: np.random.Generator) -> str:
    return "p1" if draw.random() < 0.75 else "p0"


def test_a_study_is_analysed(run: Run, make_study: MakeStudy, tmp_path: Path) -> None:
    study = make_study(catch=CATCH)
    answer_all(study, mostly_p1, observers=6)
    answer_all(study, mostly_p1, observers=1, prefix="quick", milliseconds=50)
    done = run("study", "analyse", study.path, "-o", "page.html")
    assert done.returncode == 0, done.stderr
    assert "6 of 7 observers count, with 72 votes on 12 stimuli" in done.stderr
    assert "quick0 does not count: 28 of 28 answers in less than 200 ms" in " ".join(done.stderr.split())
    assert "krippendorff_alpha" in done.stdout
    assert "<h1>Noise</h1>" in (tmp_path / "page.html").read_text()
    told = json.loads(run("study", "analyse", study.path, "--json").stdout)
    assert len(told["stimuli"]) == 12
    assert {row["observer"]: row["counts"] for row in told["observers"]}["quick0"] is False
    assert {row["name"] for row in told["figures"]} >= {"human_ceiling", "majority"}


def test_names_are_no_markup(run: Run, make_study: MakeStudy, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for row in range(8):
            Image.new("RGB", (8, 8), (20 * row, 0, 255 * (name == "b"))).save(tmp_path / name / f"{row}.png")
    conditions = {"[/red]": tmp_path / "a", "[bold]b": tmp_path / "b"}
    study = make_study(kind="ranking", stimuli={"conditions": conditions}, catch=CATCH)
    answer_all(study, mostly_p1, observers=3)
    done = run("study", "analyse", study.path)
    assert done.returncode == 0, done.stderr
    assert "[/red]" in done.stdout
    assert "[bold]b" in done.stdout
    done = run("study", "export", study.path, "out", "-q")
    assert done.returncode == 0, done.stderr
    assert "nothing in BAPPS form" in done.stderr
    assert "comparisons.csv" in done.stderr


def test_a_study_without_answers(run: Run, make_study: MakeStudy, tmp_path: Path) -> None:
    study = make_study()
    for command in (("analyse", study.path), ("export", study.path, "out")):
        done = run("study", *command)
        assert done.returncode == 2
        assert "there is nothing to" in done.stderr
    assert not (tmp_path / "out").exists()
    done = run("study", "analyse", tmp_path)
    assert done.returncode == 2
    assert "holds no study" in done.stderr


def test_from_photographs_to_a_metric_that_people_taught(run: Run, photos: Tensor, tmp_path: Path) -> None:
    (tmp_path / "photographs").mkdir()
    for row, photo in enumerate(photos):
        save_picture(photo, tmp_path / "photographs" / f"{row}.png")
    (tmp_path / "design.yaml").write_text(DESIGN)

    def call(*words: str) -> str:
        done = run(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    call("distort", "make", "photographs", "bapps", "--triplets", "12", "--size", "32", "-q")
    call("study", "new", "study", "-q")
    call("study", "rehearse", "study", "rehearsed", "--observers", "5", "--careless", "0.2", "-q")
    told = json.loads(call("study", "analyse", "rehearsed", "--json"))
    assert (
        sum(row["votes"] for row in told["stimuli"]) >= 12 * 2
    )  # who fails leaves theirs to others who begin later
    call("study", "export", "rehearsed", "exported", "-q")
    agreed = json.loads(call("agree", "exported/judgements.parquet", "-m", "mse,ssim", "--json", "-q"))
    scores = {row["metric"]: row["agreement"] for row in agreed["scores"]}
    assert scores["mse"] > 0.6  # simulated observers go by it
    again = json.loads(call("agree", "exported/2afc", "-m", "mse,ssim", "--json", "-q"))
    assert {row["metric"]: row["agreement"] for row in again["scores"]} == pytest.approx(scores)
    out = ("-o", "mine.safetensors", "--folds", "2", "-q")
    call("calibrate", "combine", "exported/judgements.parquet", "-m", "mse,mae", *out)
    assert (tmp_path / "mine.safetensors").is_file()
