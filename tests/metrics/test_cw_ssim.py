"""CW-SSIM: what it tolerates, and its options."""

import pytest
import torch
from torch import Tensor

from beholder.catalog import create_metric
from beholder.metrics.cw_ssim import cw_ssim
from beholder.ops.color import rgb_to_grey
from beholder.spec import ShapeError, UsageError


def test_one_window_is_the_ratio_itself() -> None:
    """49 pixels leave 7x7 coefficients: with half the contrast, 2 * 0.5 / (1 + 0.5^2) in every band."""
    y = torch.rand(1, 1, 49, 49, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert cw_ssim(0.5 * y + 0.2, y).item() == pytest.approx(0.8, abs=1e-6)
    assert cw_ssim(1 - y, y).item() == pytest.approx(1, abs=1e-6)  # half a turn of every phase


def test_small_shifts_cost_little(photos: Tensor) -> None:
    shifted = photos.roll((1, 1), (-2, -1))
    assert (create_metric("cw_ssim")(shifted, photos) > 0.97).all()
    assert (create_metric("ssim")(shifted, photos) < 0.9).all()


def test_cw_ssim_without_structure(photos: Tensor) -> None:
    flat = torch.full_like(photos, 0.3)
    metric = create_metric("cw_ssim")
    assert metric(flat, flat + 0.2).tolist() == pytest.approx([1] * 3, abs=1e-6)
    assert metric(photos, flat).max() < 1e-3


def test_cw_ssim_options(photos: Tensor) -> None:
    x = photos.flip(-1)
    rounded = [rgb_to_grey(image, eight_bit=True) for image in (x, photos)]
    found = create_metric("cw_ssim:channel=grey8:level=3:orientations=4")(x, photos)
    assert torch.equal(found, cw_ssim(*rounded, level=3, orientations=4))
    assert create_metric("cw_ssim:level=6").spec.min_size == 193
    with pytest.raises(ShapeError, match="at least 193x193"):
        create_metric("cw_ssim:level=6")(x, photos)


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ("cw_ssim:channel=rgb", "grey, grey8, y"),
        ("cw_ssim:level=0", "from 1 to 10"),
        ("cw_ssim:level=2.5", "from 1 to 10"),
        ("cw_ssim:orientations=17", "from 1 to 16"),
    ],
)
def test_cw_ssim_refuses(request_: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        create_metric(request_)
