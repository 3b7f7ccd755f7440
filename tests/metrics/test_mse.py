"""MSE, MAE and PSNR: three views of one difference."""

import pytest
import torch
from torch import Tensor

from beholder.catalog import create_metric
from beholder.metrics.mae import mae
from beholder.metrics.mse import mse
from beholder.ops.color import rgb_to_y
from beholder.spec import ShapeError, UsageError


def test_errors_by_hand() -> None:
    y = torch.full((1, 3, 2, 2), 0.5)
    x = y.clone()
    x[0, 0, 0, 0] += 0.3
    x[0, 2, 1, 1] -= 0.1
    assert create_metric("mse")(x, y).item() == pytest.approx((0.09 + 0.01) / 12, abs=1e-8)
    assert create_metric("mae")(x, y).item() == pytest.approx(0.4 / 12, abs=1e-8)


def test_maps_by_hand() -> None:
    y = torch.full((1, 3, 1, 2), 0.5)
    x = y.clone()
    x[0, 0, 0, 1] = 0.2
    for name, expected in (("mse", 0.03), ("mae", 0.1)):
        scores, errors = create_metric(name).score_and_map(x, y)  # type: ignore[attr-defined]
        assert errors.flatten().tolist() == pytest.approx([0, expected], abs=1e-7)
        assert scores.item() == pytest.approx(expected / 2, abs=1e-7)


@pytest.mark.parametrize(("name", "function"), [("mse", mse), ("mae", mae)])
def test_channel_and_border(name: str, function: object, photos: Tensor) -> None:
    x, y = photos.flip(3), photos
    assert callable(function)
    assert torch.equal(create_metric(name)(x, y), function(x, y))
    inside = rgb_to_y(x[..., 3:-3, 3:-3]), rgb_to_y(y[..., 3:-3, 3:-3])
    metric = create_metric(f"{name}:channel=y:border=3")
    assert torch.allclose(metric(x, y), function(*inside))
    assert metric.spec.min_size == 7
    with pytest.raises(ShapeError, match="at least 7x7"):
        metric(x[..., :6], y[..., :6])


def test_psnr_is_the_same_error_in_decibels(photos: Tensor) -> None:
    x, y = photos.flip(3), photos
    for options in ("", ":channel=y:border=2"):
        psnr = create_metric(("psnr_y" if options else "psnr") + options.replace(":channel=y", ""))
        assert torch.allclose(psnr(x, y), -10 * create_metric(f"mse{options}")(x, y).log10())


@pytest.mark.parametrize("name", ["mse", "mae"])
def test_impossible_options_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match="expected one of rgb, y"):
        create_metric(f"{name}:channel=grey")
    with pytest.raises(UsageError, match="0 or more"):
        create_metric(f"{name}:border=-1")
