"""Every metric of the catalogue, built once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from beholder.catalog import METRICS, create_metric
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
