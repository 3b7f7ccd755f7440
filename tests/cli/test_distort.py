"""`beholder distort`, as a user calls it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from PIL import Image

from beholder.data.distortions import COMPOSITIONS, DISTORTIONS
from beholder.data.drawing import random_source
from beholder.data.photos import PHOTOS
from beholder.images import read_picture, save_picture
from cli.conftest import Run


@pytest.fixture
def photos_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    save_picture(PHOTOS[0].detail(128), folder / "one.png")
    save_picture(PHOTOS[1].detail(40), folder / "small.png")
    return folder


def test_make_and_make_again(run: Run, photos_folder: Path, tmp_path: Path) -> None:
    asked = ("distort", "make", "photos", "bapps", "--triplets", "5", "--split", "val")
    done = run(*asked, BEHOLDER_CACHE=str(tmp_path / "cache"))
    assert done.returncode == 0, done.stderr
    assert "made 5 triplets in bapps/2afc/val/traditional" in done.stderr
    assert "left out 1 of 2 photographs, smaller than 64 pixels" in done.stderr
    with Image.open(tmp_path / "bapps/2afc/val/traditional/p1/000004.png") as patch:
        assert patch.size == (64, 64)
    other = run(*asked, "--seed", "1", BEHOLDER_CACHE=str(tmp_path / "cache"))
    assert other.returncode == 2
    assert "holds other triplets: seed 0, not 1" in " ".join(other.stderr.split())


def test_list(run: Run) -> None:
    listed = json.loads(run("distort", "list", "--json", "--compositions").stdout)
    assert [each["name"] for each in listed] == [*DISTORTIONS, *(each.name for each in COMPOSITIONS)]
    assert listed[19]["strength"] == DISTORTIONS["jpeg"].strength


def test_sheet(run: Run, photos_folder: Path, tmp_path: Path) -> None:
    done = run("distort", "sheet", "photos/one.png", "sheet.png", "--size", "32")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "sheet.png").stat().st_size > 10_000


def test_apply(run: Run, photos_folder: Path, tmp_path: Path) -> None:
    done = run(
        "distort",
        "apply",
        "ghosting+jpeg",
        "photos/one.png",
        "out.png",
        "--strength",
        "0.8,0.2",
        "--seed",
        "7",
    )
    assert done.returncode == 0, done.stderr
    draw = random_source("7")
    expected = DISTORTIONS["ghosting"](read_picture(photos_folder / "one.png").pixels, 0.8, draw)
    expected = DISTORTIONS["jpeg"](expected, 0.2, draw)
    assert torch.equal(read_picture(tmp_path / "out.png").pixels, expected)


def test_autoencoders_and_what_they_make(run: Run, photos_folder: Path, tmp_path: Path) -> None:
    train = ("distort", "train-autoencoders", "photos", "trained", "--steps", "1", "--count", "2")
    done = run(*train)
    assert done.returncode == 0, done.stderr
    assert "trained 2 autoencoders in trained" in done.stderr
    assert "trained 0 autoencoders in trained, 2 were there" in run(*train).stderr
    other = run(*train, "--seed", "1")
    assert other.returncode == 2
    assert "was trained with seed 0, not 1" in other.stderr
    make = ("distort", "make", "photos", "bapps", "--triplets", "3", "--size", "32")
    for scheme in ("cnn", "mix"):
        made = run(*make, "--scheme", scheme, "--autoencoders", "trained")
        assert made.returncode == 0, made.stderr
        assert len(list((tmp_path / "bapps" / "2afc" / "train" / scheme / "p1").iterdir())) == 3
    missing = run(*make, "--scheme", "cnn")
    assert missing.returncode == 2
    assert "wants a folder of autoencoders" in missing.stderr
    empty = run(*make, "--scheme", "cnn", "--autoencoders", "photos")
    assert empty.returncode == 2
    assert "photos: found 0 autoencoders; expected at least two" in empty.stderr


def test_levels_that_a_study_takes(run: Run, photos_folder: Path, tmp_path: Path) -> None:
    (photos_folder / "small.png").unlink()
    save_picture(PHOTOS[1].detail(128), photos_folder / "two.png")
    asked = ("distort", "levels", "shift", "photos", "shifted", "--strengths", "0.1:1:4", "--references", "4")
    cache = {"BEHOLDER_CACHE": str(tmp_path / "cache")}
    done = run(*asked, "--sheet", "sheet.png", **cache)
    assert done.returncode == 0, done.stderr
    assert "made 4 references at 4 strengths in shifted" in done.stderr
    assert (tmp_path / "sheet.png").stat().st_size > 10_000
    again = run(*asked, **cache)
    assert again.returncode == 2
    assert "shifted: is there already and is not empty" in again.stderr
    (tmp_path / "design.yaml").write_text(
        "title: x\nkind: jnd\nstimuli: {levels: shifted}\nsession: {trials: 16}\nretention: 2100-01-01\n"
    )
    made = run("study", "new", "study", "-q")
    assert made.returncode == 0, made.stderr
    assert "16 stimuli" in made.stderr


def test_levels_that_are_no_farther_are_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    Image.new("RGB", (64, 64), "gray").save(tmp_path / "photos" / "grey.png")
    done = run("distort", "levels", "shift", "photos", "shifted", BEHOLDER_CACHE=str(tmp_path / "cache"))
    assert done.returncode == 0, done.stderr
    assert "1 of 1 are not farther, by RMS, at every greater strength, such as 000000 at 0.1364 and 0.05" in (
        " ".join(done.stderr.split())
    )
