"""Shift-tolerant LPIPS: what it claims, and what it refuses."""

import pytest
import torch
from torch import Tensor

from beholder.catalog import create_metric
from beholder.spec import UsageError


def test_bears_a_shift_better_than_lpips_does(photos: Tensor) -> None:
    x, y = photos[..., 1:161, 2:162], photos[..., :160, :160]
    blurred = torch.nn.functional.avg_pool2d(y, 5, 1, 2, count_include_pad=False)
    share = {}
    for name in ("stlpips_alex", "lpips_alex"):
        metric = create_metric(name)
        share[name] = metric(x, y) / metric(blurred, y)
    assert (share["stlpips_alex"] < 0.5 * share["lpips_alex"]).all(), share


def test_equal_pictures_score_exactly_zero(photos: Tensor) -> None:
    assert create_metric("stlpips_vgg")(photos, photos.clone()).tolist() == [0, 0, 0]


def test_records_its_weights() -> None:
    metric = create_metric("stlpips_alex")
    assert [file.card for file in metric.weights] == ["stlpips_alex"]  # type: ignore[attr-defined]


def test_unknown_network_is_refused() -> None:
    from beholder.metrics.stlpips import ShiftTolerantLPIPS

    with pytest.raises(UsageError, match="one of alex, vgg"):
        ShiftTolerantLPIPS("squeeze")  # type: ignore[arg-type]
