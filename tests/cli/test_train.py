"""`beholder train` and `beholder recipes`, as a user calls them."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from beholder.data.photos import PHOTOS
from beholder.images import save_picture
from beholder.training.folder import RunFolder
from beholder.training.model_file import load_model
from beholder.training.shipped import shipped_recipes
from cli.conftest import SMALL, Run
from forking import ForkedCommands

QUICK = [*SMALL, "validation.metrics=[psnr]"]


def test_train_and_go_on(run: Run, photographs: Path, tmp_path: Path) -> None:
    settings = ["data.train=photographs", *QUICK, "steps=4", "checkpoint=2"]
    done = run("train", "denoise", *settings, "-o", "runs/one")
    assert done.returncode == 0, done.stderr
    assert "step 4: psnr " in done.stderr
    assert "wrote runs/one/model.safetensors" in done.stderr
    assert "decoding" in done.stderr
    assert done.stdout == ""
    assert load_model(tmp_path / "runs" / "one" / "model.safetensors")[1]["step"] == 4
    again = run("train", "denoise", *settings, "-o", "runs/one")
    assert again.returncode == 2
    assert "runs/one: holds a run already" in again.stderr
    assert "unrestored: psnr " in done.stderr
    ended = run("train", "--resume", "runs/one")
    assert ended.returncode == 0
    assert "runs/one: the run had ended; no step was left to take" in ended.stderr
    assert "wrote" not in ended.stderr
    changed = run("train", "--resume", "runs/one", "steps=8")
    assert changed.returncode == 2
    assert "leave out steps=8. Settings can be changed in runs/one/recipe.yaml" in changed.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name a RECIPE and its folder"),
        (["denoise", "-o", "run"], "data.train is missing"),
        (["denois", "-o", "run"], "Did you mean denoise"),
        (["denoise", "data.train=none", "-o", "run"], "none"),
        (["--resume", "nowhere"], "nowhere: holds no run"),
        (["denoise", "--resume", "run"], "leave out denoise"),
        (
            ["denoise", "data.train=photographs", "batch=3", "-o", "run", "--devices", "2"],
            "multiple of the 2 devices",
        ),
        (["denoise", "data.train=photographs", "-o", "run", "--nodes", "0"], "--nodes"),
        (["denoise", "data.train=photographs", "-o", "run", "--nodes", "2"], "nothing tells where they meet"),
    ],
)
def test_impossible_requests_are_refused(
    run: Run, photographs: Path, arguments: list[str], message: str
) -> None:
    done = run("train", *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, "photographs: there are no pictures"),
        ({"a.png": b"none", "b.jpg": b""}, "2 of 2 pictures cannot be read"),
        ({"a.png": b"none", "b.png": None, "c.png": None}, "1 of 3 pictures cannot be read"),
    ],
)
def test_pictures_that_cannot_be_read_stop_the_run_before_it_begins(
    run: Run, tmp_path: Path, content: dict[str, bytes | None], message: str
) -> None:
    (tmp_path / "photographs").mkdir()
    for name, told in content.items():
        if told is None:
            save_picture(PHOTOS[0].detail(64), tmp_path / "photographs" / name)
        else:
            (tmp_path / "photographs" / name).write_bytes(told)
    done = run("train", "denoise", "data.train=photographs", *QUICK, "-o", "run")
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["optimiser.rate=1e30", "optimiser.clip=0"], "in the run's recipe.yaml and go on with --resume"),
        (["network=compact:width=64:blocks=2"], "last.ckpt: cannot be written: File too large"),
    ],
)
def test_a_run_that_cannot_go_on_says_why(
    run: Run, photographs: Path, settings: list[str], message: str
) -> None:
    call = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)); \
from beholder.cli import main; main()"
    told = [
        "train",
        "denoise",
        "data.train=photographs",
        *QUICK,
        "steps=4",
        "checkpoint=1",
        *settings,
        "-o",
        "run",
    ]
    done = run(*told, program=call)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("workers", [pytest.param(0, marks=pytest.mark.slow), 1])
def test_interrupted(forked: ForkedCommands, photographs: Path, tmp_path: Path, workers: int) -> None:
    told = ["train", "denoise", "data.train=photographs", *QUICK, f"data.workers={workers}", "steps=100000"]
    told += ["checkpoint=100000", "validation.every=100000", "-o", "my run"]
    process = forked.start(told, tmp_path)
    deadline = time.monotonic() + 120
    while not (tmp_path / "my run" / "steps.csv").is_file() and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)  # all get it, as from a terminal
    assert process.wait(60) == 130
    said = process.errors.read_text()
    assert said.count("stopping after this step") == 1
    assert "interrupted; go on with: beholder train --resume 'my run'" in said
    assert "Traceback" not in said
    state = RunFolder(tmp_path / "my run").load_checkpoint()
    assert state is not None
    assert state["learner"]["step"] >= 50


OFFLINE = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9", "PIP_NO_INDEX": "1"}


@pytest.mark.parametrize(
    ("loss", "card"),
    [("content:layers=relu2_2", "vgg16"), ("lpips_alex", "alexnet"), ("landmarks", "face_landmarks_68")],
)
def test_weights_of_losses_are_fetched(
    run: Run, photographs: Path, tmp_path: Path, loss: str, card: str
) -> None:
    settings = ["data.train=photographs", *QUICK, f"loss.terms={{a: l1, b: '{loss}'}}"]
    done = run("train", "denoise", *settings, "-o", "run", BEHOLDER_CACHE=str(tmp_path / "cache"), **OFFLINE)
    assert done.returncode == 2
    assert f"{card}: needed and not in the cache" in done.stderr
    assert f"{card}: fetching" in done.stderr
    assert not (tmp_path / "run").exists()


def test_recipes(run: Run) -> None:
    shown = run("recipes", COLUMNS="40").stdout
    assert all(name in shown for name in shipped_recipes())
