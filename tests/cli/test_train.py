"""`beholder train` and `beholder recipes`, as a user calls them."""

from __future__ import annotations

from pathlib import Path

import pytest

from beholder.data.photos import PHOTOS
from beholder.images import save_picture
from beholder.training.model_file import load_model
from beholder.training.shipped import shipped_recipes
from cli.conftest import Run

QUICK = [
    "network=compact:width=8:blocks=1",
    "data.patch=16",
    "data.workers=0",
    "batch=2",
    "validation.metrics=[psnr]",
]


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    (tmp_path / "photographs").mkdir()
    for photo in PHOTOS[:2]:
        save_picture(photo.detail(64), tmp_path / "photographs" / f"{photo.name}.png")
    return tmp_path / "photographs"


def test_train_and_go_on(run: Run, photographs: Path, tmp_path: Path) -> None:
    settings = ["data.train=photographs", *QUICK, "steps=4", "checkpoint=2"]
    done = run("train", "denoise", *settings, "-o", "runs/one")
    assert done.returncode == 0, done.stderr
    assert "step 4: psnr " in done.stderr
    assert "wrote runs/one/model.safetensors" in done.stderr
    assert done.stdout == ""
    assert load_model(tmp_path / "runs" / "one" / "model.safetensors")[1]["step"] == 4
    again = run("train", "denoise", *settings, "-o", "runs/one")
    assert again.returncode == 2
    assert "runs/one: holds a run already" in again.stderr
    assert run("train", "--resume", "runs/one").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name a RECIPE and its folder"),
        (["denoise", "-o", "run"], "data.train is missing"),
        (["denois", "-o", "run"], "Did you mean denoise"),
        (["denoise", "data.train=none", "-o", "run"], "none"),
        (["--resume", "nowhere"], "nowhere: holds no run"),
        (["denoise", "--resume", "run"], "leave out RECIPE"),
        (
            ["denoise", "data.train=photographs", "batch=3", "-o", "run", "--devices", "2"],
            "multiple of the 2 devices",
        ),
    ],
)
def test_impossible_requests_are_refused(
    run: Run, photographs: Path, arguments: list[str], message: str
) -> None:
    done = run("train", *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_recipes(run: Run) -> None:
    shown = run("recipes", COLUMNS="40").stdout
    assert all(name in shown for name in shipped_recipes())
