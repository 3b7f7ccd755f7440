"""Learning a metric, from judged triplets to a file."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from beholder.calibration.learning import learn_metric
from beholder.calibration.learning import measured as measuring
from beholder.calibration.learning.recipe import MetricRecipe
from beholder.calibration.learning.split import open_triplets
from beholder.data.judged import open_judgements
from beholder.metrics.learned_lpips import LearnedLPIPS
from beholder.spec import PictureError, UsageError
from beholder.training.task import Progress
from calibration.learning.conftest import SIDE, make_triplets, recipe_of
from judged_sets import make_tid2013

LEARNING = ("epochs=30", "decay=10", "optimiser.rate=0.01", "validation.every=10")
SHORT = ("epochs=2", "decay=1", "checkpoint=4")

TWO = """
import sys
from pathlib import Path
from beholder.calibration.learning import MetricRecipe, learn_metric
from beholder.settings import read_settings
recipe = read_settings(sys.argv[1], kind=MetricRecipe)
learn_metric(recipe, Path(sys.argv[2]), devices=2, accelerator="cpu")
"""


def validations(folder: Path) -> list[dict[str, float]]:
    with (folder / "validation.csv").open() as opened:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(opened)]


@pytest.fixture(scope="module")
def lin(triplets: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the kind lin, whole."""
    folder = tmp_path_factory.mktemp("lin") / "run"
    learn_metric(recipe_of("lin", triplets, *LEARNING), folder)
    return folder


def test_lin_learns(lin: Path) -> None:
    first, *_, last = validations(lin)
    assert first["step"] == 0
    assert last["cross_entropy"] < 0.8 * first["cross_entropy"]
    metric = LearnedLPIPS(lin / "metric.safetensors")
    weights = torch.cat([metric.get_buffer(f"weight{index}") for index in range(5)])
    assert weights.min() >= 0
    assert 0 < (weights == 0).sum() < len(weights)
    assert last["agreement"] >= first["agreement"]


def test_the_file_scores_as_the_validation_said(lin: Path, triplets: Path) -> None:
    metric = LearnedLPIPS(lin / "metric.safetensors")
    _, validation = open_triplets(recipe_of("lin", triplets, *LEARNING))
    agreed = []
    for row in range(len(validation)):
        reference, p0, p1 = (picture[None] for picture in validation.pictures(row))
        with torch.inference_mode():
            d0, d1 = metric(p0, reference).item(), metric(p1, reference).item()
        judge = validation.answers[row]
        agreed.append((d0 < d1) * (1 - judge) + (d1 < d0) * judge)
    assert max(row["agreement"] for row in validations(lin)) == pytest.approx(np.mean(agreed))


@pytest.mark.parametrize("kind", ["lin", "tune", "scratch"])
def test_an_interrupted_run_ends_as_a_whole_one(kind: str, triplets: Path, tmp_path: Path) -> None:
    recipe = recipe_of(kind, triplets, *SHORT)
    learn_metric(recipe, tmp_path / "whole")
    steps: list[int] = []

    def tell(progress: Progress) -> None:
        steps.append(progress.step)

    learn_metric(recipe, tmp_path / "run", tell=tell, stop=lambda: steps[-1] == 7)
    learn_metric(recipe, tmp_path / "run", resume=True, tell=tell)
    assert steps == list(range(19))
    whole, resumed = (load_file(tmp_path / run / "metric.safetensors") for run in ("whole", "run"))
    assert whole.keys() == resumed.keys()
    for name, tensor in whole.items():
        assert torch.equal(tensor, resumed[name]), name
    assert validations(tmp_path / "whole") == validations(tmp_path / "run")
    assert any(name.startswith("trunk.") for name in whole) == (kind != "lin")


def test_tune_moves_the_network_and_scratch_begins_anew(triplets: Path, tmp_path: Path) -> None:
    of = {}
    for kind in ("tune", "scratch"):
        found = load_file(learn_metric(recipe_of(kind, triplets, *SHORT), tmp_path / kind))
        of[kind] = next(tensor for name, tensor in found.items() if tensor.shape == (64, 3, 11, 11))
    pretrained = LearnedLPIPS(learn_metric(recipe_of("lin", triplets, *SHORT), tmp_path / "lin"))
    start = next(pretrained.backbone.trunk.parameters())
    assert 0 < (of["tune"] - start).abs().max() < 0.1
    assert torch.corrcoef(torch.stack([of["scratch"].flatten(), start.flatten()]))[0, 1].abs() < 0.1
    assert not pretrained.backbone.trunk.training


def test_pictures_pass_the_network_once(
    triplets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = recipe_of("lin", triplets, *SHORT)
    learn_metric(recipe, tmp_path / "one")
    (tmp_path / "two").mkdir()
    shutil.copytree(tmp_path / "one" / "measured", tmp_path / "two" / "measured")

    def refuse(*_: object) -> None:
        raise AssertionError("measured again")

    monkeypatch.setattr(measuring, "_write", refuse)
    learn_metric(recipe, tmp_path / "two")
    one, two = (load_file(tmp_path / run / "metric.safetensors") for run in ("one", "two"))
    assert all(torch.equal(tensor, two[name]) for name, tensor in one.items())
    with pytest.raises(AssertionError, match="measured again"):  # other triplets, by the held out ones
        learn_metric(recipe_of("lin", triplets, *SHORT, "data.held_out=0.5"), tmp_path / "two", resume=True)


@pytest.mark.slow
def test_two_processes_learn_as_one(triplets: Path, tmp_path: Path) -> None:
    alone = recipe_of("lin", triplets, *SHORT, "dropout=0")
    learn_metric(alone, tmp_path / "one")
    script = tmp_path / "two.py"
    script.write_text(TWO, encoding="utf-8")
    command = [sys.executable, str(script), str(tmp_path / "one" / "recipe.yaml"), str(tmp_path / "two")]
    subprocess.run(command, check=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
    one, two = (load_file(tmp_path / run / "metric.safetensors") for run in ("one", "two"))
    for name, tensor in one.items():
        torch.testing.assert_close(two[name], tensor, rtol=0, atol=1e-5)


def test_others_are_refused(triplets: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    learn_metric(recipe_of("tune", triplets, "epochs=1", "decay=0"), run)
    with pytest.raises(UsageError, match=r"dropout is 0\.1 and was 0\.5"):
        learn_metric(recipe_of("tune", triplets, "epochs=2", "decay=0", "dropout=0.1"), run, resume=True)
    other = make_triplets(tmp_path / "other", 40)
    with pytest.raises(UsageError, match="holds other triplets"):
        learn_metric(recipe_of("tune", other, "epochs=2", "decay=0"), run, resume=True)
    with pytest.raises(UsageError, match="no triplets"):
        learn_metric(recipe_of("lin", make_tid2013(tmp_path / "tid")), tmp_path / "rated")
    with pytest.raises(UsageError, match=r"has \d+ reference pictures, of which \d+ were to be held out"):
        open_triplets(recipe_of("lin", triplets, "data.held_out=0.99999"))


def test_pictures_of_other_sizes_are_named(tmp_path: Path) -> None:
    odd = make_triplets(tmp_path, 8)
    from PIL import Image

    for part in ("ref", "p0", "p1"):
        with Image.open(odd / part / "000005.png") as opened:
            opened.resize((SIDE + 4, SIDE)).save(odd / part / "000005.png")
    with pytest.raises(PictureError, match=r"000005.png: found 36x32 pixels; expected 32x32"):
        learn_metric(recipe_of("lin", odd, "data.validation=" + str(odd)), tmp_path / "run")


def test_validation_shares_no_reference_and_is_small_enough(triplets: Path) -> None:
    train, validation = open_triplets(recipe_of("lin", triplets, "validation.triplets=7"))
    assert len(validation) == 7
    assert len(train) == 60
    assert not set(train.groups()) & set(validation.groups())
    again = open_triplets(recipe_of("lin", triplets, "validation.triplets=7"))[1]
    assert np.array_equal(again.groups(), validation.groups())
    own = open_triplets(recipe_of("lin", triplets, f"data.validation={triplets}"))
    assert [len(each) for each in own] == [80, 80]
    assert len(open_judgements(triplets)) == 80


def test_recipes_are_the_authors(triplets: Path) -> None:
    recipe = recipe_of("lin", triplets)
    assert (recipe.epochs, recipe.decay, recipe.dropout) == (5, 5, 0.5)
    assert (recipe.optimiser.rate, recipe.optimiser.betas) == (1e-4, (0.5, 0.999))
    assert MetricRecipe.model_fields["batch"].default == 50


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (("validation.select=last", "validation.patience=2"), "expected no patience"),
        (("weights=mine.safetensors",), "scratch begins with random weights"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(
    triplets: Path, settings: tuple[str, ...], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        recipe_of("scratch", triplets, *settings)
