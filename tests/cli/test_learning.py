"""`beholder calibrate learn`, as a user calls it."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from beholder.data.distortions import Triplets, triplet_folder, write_triplets
from beholder.data.packs import open_pack
from beholder.data.photos import PHOTOS
from beholder.images import save_picture
from cli.conftest import Run

QUICK = ["data.train=judged", "data.workers=0", "data.held_out=0.3", "batch=10", "epochs=2", "decay=0"]


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty triplets with shares."""
    folder = tmp_path_factory.mktemp("judged")
    (folder / "photographs").mkdir()
    for photo in PHOTOS[:2]:
        save_picture(photo.detail(64), folder / "photographs" / f"{photo.name}.png")
    triplets = Triplets(open_pack(folder / "photographs"), "traditional", 20, size=32)
    write_triplets(triplets, folder, workers=0)
    place = triplet_folder(folder, triplets)
    (place / "judge").mkdir()
    for row in range(20):
        np.save(place / "judge" / f"{row:06}.npy", np.array([row % 3 / 2]))
    return place


def test_learn_and_go_on(run: Run, judged: Path, tmp_path: Path) -> None:
    shutil.copytree(judged, tmp_path / "judged")
    done = run("calibrate", "learn", "lin", *QUICK, "-o", "runs/lin")
    assert done.returncode == 0, done.stderr
    assert "before: agreement " in done.stderr
    assert "reading" in done.stderr
    assert "wrote runs/lin/metric.safetensors" in done.stderr
    assert done.stdout == ""
    again = run("calibrate", "learn", "lin", *QUICK, "-o", "runs/lin")
    assert again.returncode == 2
    assert "runs/lin: holds a run already" in again.stderr
    ended = run("calibrate", "learn", "--resume", "runs/lin")
    assert ended.returncode == 0
    assert "runs/lin: the run had ended; no step was left to take" in ended.stderr
    agreed = run("agree", "judged", "-m", "runs/lin/metric.safetensors,lpips_alex", "--json", "-q")
    assert agreed.returncode == 0, agreed.stderr
    assert "runs/lin/metric.safetensors" in agreed.stdout


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["lim"], "there is no recipe of a metric 'lim'. Did you mean lin?"),
        (["lin"], "data.train is missing"),
        (["lin", "data.train=judged", "backbone=alexnot"], "'backbone=alexnot'"),
        (["lin", "data.train=judged", "rate=1"], "there is no setting rate"),
        (["lin", "data.train=nowhere"], "nowhere"),
        (["tune", "data.train=judged", "layers=[relu9]"], "relu9"),
        (
            ["lin", "data.train=judged", "backbone=timm:resnet18"],
            "there is no weight card for 'timm:resnet18'",
        ),
    ],
)
def test_what_cannot_be_learned_is_refused(
    run: Run, judged: Path, tmp_path: Path, settings: list[str], message: str
) -> None:
    shutil.copytree(judged, tmp_path / "judged")
    done = run("calibrate", "learn", *settings, "-o", "run")
    assert done.returncode == 2
    assert message in done.stderr
    assert not (tmp_path / "run").exists()
