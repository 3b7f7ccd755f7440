"""`beholder sweep` and `beholder blend`, as a user calls them."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest
import torch
import yaml
from safetensors.torch import load_file

from beholder.training.model_file import load_model, read_about
from cli.conftest import SMALL, Run

QUICK = [
    *("data.train=photographs", *SMALL, "steps=2", "loss.terms={pixels: l1, structure: gmsd}"),
    *("schedule.warmup=0", "validation.every=2"),
]


@pytest.mark.usefixtures("photographs")
def test_sweep_then_blend_on_its_plane(run: Run, tmp_path: Path) -> None:
    over = ["--over", "loss.weights.structure=0.01:10:log", "--objectives", "psnr,gmsd", "--no-balances"]
    settings = ["denoise", *QUICK, *over, "--point", "1 : 5=loss.weights.structure=5"]
    done = run("sweep", *settings, "--trials", "5", "-o", "sweeps/weights")
    assert done.returncode == 0, done.stderr
    assert "trial 0 (1 : 5): psnr " in done.stderr
    assert "5 done of 5 trials" in done.stderr
    assert "The front" in done.stdout
    assert "“1 : 5”" in done.stdout
    folder = tmp_path / "sweeps" / "weights"
    table = pl.read_csv(folder / "trials.csv")
    assert table["state"].to_list() == ["done"] * 5
    page = (folder / "sweep.html").read_text()
    assert page.count('class="spot ') >= 5 + 4  # and the key's four
    assert "Which to take" in page
    assert (folder / "front.svg").read_text().startswith("<svg ")
    # what is recommended is one of the trials, and can be trained by
    recipe = yaml.safe_load((folder / "recommended.yaml").read_text())
    tried = [re.search(r"structure=([0-9.e-]+)", each) for each in table["settings"]]
    assert recipe["loss"]["weights"]["structure"] in [float(each[1]) for each in tried if each]
    assert recipe["validation"]["metrics"] == ["psnr", "ssim", "lpips_alex"]

    again = run("sweep", *settings, "-o", "sweeps/weights")
    assert again.returncode == 2
    assert "holds a sweep already; go on with it by --resume" in again.stderr
    more = run("sweep", "--resume", "sweeps/weights", "--trials", "6", "-q")
    assert more.returncode == 0, more.stderr
    assert "6 done of 6 trials" in more.stderr

    ends = [str(folder / "trials" / f"000{number}" / "model.safetensors") for number in (0, 1)]
    (folder / "sweep.db").rename(tmp_path / "elsewhere.db")
    beside = ["--alpha", "0:1:0.5", "--beside", "sweeps/weights", "-o", "blends"]
    lost = run("blend", *ends, *beside)
    assert lost.returncode == 2
    assert "its trials are written down elsewhere; name the database by --storage" in lost.stderr
    blended = run("blend", *ends, *beside, "--storage", f"sqlite:///{tmp_path / 'elsewhere.db'}")
    assert blended.returncode == 0, blended.stderr
    # both ends lie where their trials lie
    found = pl.read_csv(tmp_path / "blends" / "blend.csv")
    assert found["alpha"].to_list() == [0, 0.5, 1]
    for place, number in ((0, 0), (2, 1)):
        for metric in ("psnr", "gmsd"):
            assert found[metric][place] == pytest.approx(table[metric][number], rel=1e-5)
    plane = (tmp_path / "blends" / "blend.html").read_text()
    assert plane.count('class="spot step"') == 3 + 1
    assert "points given" in plane


def test_blend_is_the_mean_of_the_weights(run: Run, tmp_path: Path) -> None:
    names = ["deblock-l8-q10-pixels", "deblock-l8-q10-features"]
    done = run("blend", *names, "--alpha", "0.25", "-o", "blends")
    assert done.returncode == 0, done.stderr
    assert "wrote 1 models to blends" in done.stderr
    path = tmp_path / "blends" / "alpha-0.25.safetensors"
    (first, _), (second, _) = (load_model(_model(name)) for name in names)
    mixed = load_file(path)
    for name, tensor in first.state_dict().items():
        expected = 0.75 * tensor + 0.25 * second.state_dict()[name]
        torch.testing.assert_close(mixed[name], expected, atol=1e-6, rtol=1e-5)
    assert read_about(path)["blend"] == {"of": names, "alpha": 0.25}
    again = run("blend", *names, "--alpha", "0.25", "-o", "blends")
    assert again.returncode == 2
    assert "alpha-0.25.safetensors: exists" in again.stderr


def _model(name: str) -> Path:
    from beholder.training.shipped import find_model

    return find_model(name)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["deblock-l8-q10", "deblock"],
            "deblock-l8-q10 is l8 and deblock is compact; expected models of the same",
        ),
        (["deblock-l8-q10", "deblock-l8-q10-both", "--alpha", "0:2:0.5"], "expected shares from 0 to 1"),
        (["deblock-l8-q10", "deblock-l8-q10-both", "--alpha", "nan"], "expected shares from 0 to 1"),
        (["deblock-l8-q10", "deblock-l8-q10-both", "--alpha", "0:1:0"], "expected shares from 0 to 1"),
        (
            ["deblock-l8-q10", "deblock-l8-q10-both", "-m", "psnr,ssim"],
            "nothing is measured: name photographs by",
        ),
        (
            ["deblock-l8-q10", "deblock-l8-q10-both", "-m", "psnr", "--on", "nowhere"],
            "-m names 1 metrics; expected two",
        ),
        (
            ["deblock-l8-q10", "deblock-l8-q10-both", "-m", "psnr,nope", "--on", "nowhere"],
            "there is no metric 'nope'",
        ),
        (["deblock-l8-q10", "deblock-l8-q10-both", "--on", "a", "--beside", "b"], "leave one out"),
        (["deblock-l8-q10", "deblock-l8-q10-both", "--beside", "b"], "b: holds no sweep"),
    ],
)
def test_what_cannot_be_blended_is_refused(run: Run, arguments: list[str], told: str) -> None:
    done = run("blend", *arguments, "-o", "blends")
    assert done.returncode == 2
    assert told in done.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["denoise", "-o", "s"], "nothing is varied"),
        (["denoise", "--over", "steps"], "name a RECIPE and the sweep's folder"),
        (["--resume", "nowhere"], "nowhere: holds no sweep; expected sweep.yaml in it"),
        (["denoise", "--resume", "s"], "leave out recipe"),
        (
            ["--resume", "s", "--objectives", "psnr,ssim", "--seed", "0", "--no-balances"],
            "leave out --objectives, --no-balances, --seed",
        ),
        (
            ["denoise", "data.train=p", "--over", "steps=1:9", "-o", "a/file"],
            "a/file: is a file; expected a folder",
        ),
        (
            ["denoise", "data.train=p", "--over", "steps=1:9", "--over", "steps=2:9", "-o", "s"],
            "steps is given twice",
        ),
        (
            ["denoise", "data.train=p", "--over", "steps=1:9", "--point", "a=title='x", "-o", "s"],
            "no closing quotation; expected settings with blanks between",
        ),
        (["denoise", "data.train=p", "--over", "steps", "-o", "s"], "expected KEY=LOW:HIGH"),
        (["denoise", "data.train=p", "--over", "steps=9:1", "-o", "s"], "runs upwards"),
        (
            ["denoise", "data.train=p", "--over", "loss.weights.pixel=0:1", "-o", "s"],
            "there is no term pixel; the terms are",
        ),
        (
            ["denoise", "data.train=p", "--over", "steps=1:9", "--objectives", "psnr", "-o", "s"],
            "--objectives",
        ),
    ],
)
def test_what_cannot_be_swept_is_refused_and_leaves_nothing(
    run: Run, tmp_path: Path, arguments: list[str], told: str
) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "file").touch()
    done = run("sweep", *arguments)
    assert done.returncode == 2
    assert told in done.stderr
    assert not (tmp_path / "s").exists()
