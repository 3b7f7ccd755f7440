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
    options = {"trunk": squeezenet_file} if request.param == "lpips_squeeze" else {}
    return lambda: create_metric(request.param, **options)


@pytest.fixture
def metric(build: Build) -> Metric:
    return build()
