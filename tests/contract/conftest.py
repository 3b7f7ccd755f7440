"""Every metric of the catalogue, built once for the tests that leave it as it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from beholder.backbones import Backbone
from beholder.catalog import METRICS, create_metric
from beholder.catalog.ensemble import save_ensemble
from beholder.data.photos import PHOTOS
from beholder.metrics.learned_lpips import save_learned_lpips
from beholder.spec import Metric

Build = Callable[[], Metric]


@pytest.fixture(scope="session")
def saved_metrics(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Metrics in files, by the names of their kinds."""
    folder = tmp_path_factory.mktemp("metrics")
    backbone = Backbone("alexnet", ["relu1", "relu3"])
    weights = [torch.linspace(0, 1, 64), torch.linspace(1, 0, 384)]
    learned = save_learned_lpips(
        folder / "learned.safetensors",
        backbone="alexnet",
        layers=backbone.layers,
        weights=weights,
        trunk_file=backbone.weights,
    )
    ensemble = save_ensemble(folder / "ensemble.safetensors", {"lpips_alex": 2.0, "ssim": 0.5, "mdsi": 1.0})
    return {"learned_lpips": learned, "ensemble": ensemble}


@pytest.fixture(scope="module", params=METRICS)
def build(request: pytest.FixtureRequest, squeezenet_file: Path, saved_metrics: dict[str, Path]) -> Build:
    """A function that builds the metric."""
    entry = METRICS[request.param]
    if entry.package:
        pytest.importorskip(entry.package, reason=f"the package {entry.package} is not installed")
    options = {"lpips_squeeze": {"trunk": squeezenet_file}, "lpips": {"backbone": "alexnet"}}
    options |= {name: {"file": file} for name, file in saved_metrics.items()}
    return lambda: create_metric(request.param, **options.get(request.param, {}))


@pytest.fixture(scope="module")
def metric(build: Build) -> Metric:
    return build()


@pytest.fixture(scope="module")
def doubled(build: Build) -> Metric:
    """Another of its kind, in double precision."""
    metric = build()
    assert isinstance(metric, nn.Module)
    return metric.double()


LARGER = {"adm": 96}  # whose coarsest scale would else hold too few places


@pytest.fixture(scope="module")
def side(metric: Metric) -> int:
    """Pictures as small as the metric judges them soundly, for speed."""
    least = metric.spec.min_size
    fitting = next(side for most, side in ((32, 64), (64, 96), (192, 192)) if least <= most)
    if metric.spec.weights and least <= 18:
        fitting = 48  # networks, of which the deepest are the slowest metrics
    return max(fitting, LARGER.get(metric.spec.name, 0))


@pytest.fixture
def photos(side: int) -> Tensor:
    """Three details of photographs, shape (3, 3, S, S), in [0, 1]."""
    return torch.stack([photo.detail(side) for photo in PHOTOS[:3]])
