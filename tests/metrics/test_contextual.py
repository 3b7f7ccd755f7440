"""Contextual distance as a metric: its options; the formula is tested with `beholder.ops.contextual`."""

from __future__ import annotations

import math

import pytest

from beholder.catalog import create_metric
from beholder.spec import UsageError


def test_another_layer_has_another_smallest_size() -> None:
    assert create_metric("contextual").spec.min_size == 16
    assert create_metric("contextual:layer=relu3_2").spec.min_size == 8


@pytest.mark.parametrize("bandwidth", [0, -1, True, "wide", math.inf])
def test_impossible_bandwidth_is_refused(bandwidth: object) -> None:
    with pytest.raises(UsageError, match="number above 0"):
        create_metric("contextual", bandwidth=bandwidth)
