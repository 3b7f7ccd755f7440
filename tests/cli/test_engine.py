"""`beholder score --engine --precision`, as a user calls it."""

from __future__ import annotations

from pathlib import Path

import pytest

from beholder.data.degradations import add_noise
from beholder.data.photos import PHOTOS
from beholder.images import save_picture
from beholder.scoring import ScoreTable
from cli.conftest import Run


@pytest.fixture
def pair(tmp_path: Path) -> None:
    picture = PHOTOS[0].detail(64)
    save_picture(picture, tmp_path / "y.png")
    save_picture(add_noise(picture, 0.05, seed=0), tmp_path / "x.png")


@pytest.mark.usefixtures("pair")
@pytest.mark.parametrize("engine", ["torch", "winograd", "openvino"])
def test_the_table_tells_what_computed_it(run: Run, tmp_path: Path, engine: str) -> None:
    if engine == "openvino":
        pytest.importorskip("openvino", reason="OpenVINO is not installed (extra cpu)")
    done = run("score", "y.png", "x.png", "-m", "lpips_alex,ssim", "-o", "scores.parquet", "--engine", engine)
    assert done.returncode == 0, done.stderr
    told = ScoreTable.load(tmp_path / "scores.parquet").provenance
    assert (told["engine"], told["precision"]) == (engine, "fp32")
    assert [told["metrics"][name]["engine"] for name in ("lpips_alex", "ssim")] == [engine, "torch"]


@pytest.mark.usefixtures("pair")
def test_what_is_no_engine_is_refused(run: Run) -> None:
    done = run("score", "y.png", "x.png", "-m", "ssim", "--engine", "tensorrt")
    assert done.returncode == 2
    assert "expected one of auto, torch, winograd, openvino" in done.stderr
