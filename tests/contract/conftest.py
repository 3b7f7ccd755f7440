"""Every metric of the catalogue, built once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from beholder.catalog import METRICS, create_metric
from beholder.data.photos import PHOTOS
from beholder.spec import Metric

Build = Callable[[], Metric]


@pytest.fixture(params=METRICS)
def build(request: pytest.FixtureRequest, squeezenet_file: Path) -> Build:
    """A function that builds the metric."""
    entry = METRICS[request.param]
    if entry.package:
        pytest.importorskip(entry.package, reason=f"the package {entry.package} is not installed")
    options = {"lpips_squeeze": {"trunk": squeezenet_file}, "lpips": {"backbone": "alexnet"}}
    return lambda: create_metric(request.param, **options.get(request.param, {}))


@pytest.fixture
def metric(build: Build) -> Metric:
    return build()


@pytest.fixture
def photos(metric: Metric) -> Tensor:
    """Three details of photographs, shape (3, 3, S, S), in [0, 1]: small where the metric takes that, for speed."""
    side = 96 if metric.spec.min_size <= 64 else 192
    return torch.stack([photo.detail(side) for photo in PHOTOS[:3]])
