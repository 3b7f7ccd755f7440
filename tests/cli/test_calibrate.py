"""`beholder calibrate`: figures on standard output, words on standard error, metrics in files."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.special import expit
from torch import Tensor

from beholder.calibration import combine, measure, read_preference
from beholder.catalog import create_metric
from beholder.data.judged import open_judgements
from beholder.metrics.metric_file import tell_metric
from cli.conftest import Run
from judged_sets import label, make_bapps, put

LAYERS = ("lpips:alexnet:layers=relu1", "lpips:alexnet:layers=relu3")


def write_table(path: Path, names: tuple[str, ...] = LAYERS) -> Path:
    """Triplets whose judges go by the first metric thrice as much as by the second."""
    generator = np.random.default_rng(0)
    distances = {name: generator.uniform(0, 1, (600, 2)) for name in names}
    weights = dict(zip(names, (6.0, 2.0), strict=False))
    odds = sum(weights[name] * (each[:, 0] - each[:, 1]) for name, each in distances.items())
    columns = {"judge": generator.binomial(5, expit(odds)) / 5, "group": np.arange(600) // 4}
    for name, each in distances.items():
        columns |= {f"d0:{name}": each[:, 0], f"d1:{name}": each[:, 1]}
    pl.DataFrame(columns).write_parquet(path)
    return path


def test_layers_are_weighted_from_a_table_into_a_metric(run: Run, tmp_path: Path, photos: Tensor) -> None:
    table = write_table(tmp_path / "d.parquet")
    done = run("calibrate", "combine", "--table", table, "-o", "mine.safetensors", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    weights = {row["metric"]: row["weight"] for row in told["weights"]}
    assert weights[LAYERS[0]] / weights[LAYERS[1]] == pytest.approx(3, rel=0.3)
    scores = {row["metric"]: row["agreement"] for row in told["scores"]}
    assert scores["ensemble"] > max(scores[name] for name in LAYERS)
    assert [row["second"] for row in told["comparisons"]] == list(LAYERS)
    assert [row["metric"] for row in tell_metric(tmp_path / "mine.safetensors")["about"]["scores"]] == [
        *LAYERS,
        "ensemble",
    ]
    x, y = photos[:2], photos.flip(0)[:2]
    expected = sum(weight * create_metric(name)(x, y) for name, weight in weights.items())
    found = create_metric(str(tmp_path / "mine.safetensors"))(x, y)
    assert found.tolist() == pytest.approx(expected.tolist(), rel=1e-5)  # type: ignore[union-attr]


def test_a_set_of_pictures_is_measured_first(run: Run, tmp_path: Path) -> None:
    root = make_bapps(tmp_path / "set", val_cnn=12)
    for row in range(12):  # candidate 0 is the nearer one in all of them
        put(root / f"2afc/val/cnn/judge/{row:06d}.npy", label(row % 3 / 5))
    done = run("calibrate", "combine", root, "-m", "mse,mae", "--folds", "3", "-q")
    assert done.returncode == 0, done.stderr
    expected = combine(measure(open_judgements(root), ["mse", "mae"]), folds=3).weights
    for name, weight in expected.items():
        assert re.search(rf"│ {name} +│ {re.escape(f'{weight:.4g}')} +│", done.stdout)
    assert "│ ensemble" in done.stdout


@pytest.mark.parametrize("form", ["logistic", "ranking"])
def test_how_sure_people_are(form: str, run: Run, tmp_path: Path) -> None:
    table = write_table(tmp_path / "d.parquet", LAYERS[:1])
    done = run(
        "calibrate", "preference", table, "--with", form, "--folds", "2", "-o", "p.safetensors", "--json"
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert [row["model"] for row in told["scores"]] == ["metric", form, "people"]
    model, held = read_preference(tmp_path / "p.safetensors")
    assert held["metric"] == LAYERS[0]
    assert model.predict([0.9], [0.1])[0] > 0.5


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("combine", "set"), "expected the members: -m"),
        (("combine", "set", "-m", "psnr,ssim", "-o", "m.safetensors"), "mse for psnr"),
        (("combine", "--table", "own.parquet", "-o", "m.safetensors"), "there is no metric 'own'"),
        (("preference", "two.parquet"), "name one with -m"),
    ],
)
def test_bad_usage(arguments: tuple[str, ...], words: str, run: Run, tmp_path: Path) -> None:
    write_table(tmp_path / "two.parquet")
    write_table(tmp_path / "own.parquet", ("own", "ssim"))
    done = run("calibrate", *arguments)
    assert done.returncode == 2
    assert words in " ".join(done.stderr.split())
    assert not list(tmp_path.glob("m.*"))
