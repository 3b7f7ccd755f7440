"""The shrunk loss against torch's own antialiased resizing, and by hand."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from beholder.catalog import create_loss
from beholder.data.photos import PHOTOS
from beholder.losses.shrunk import ShrunkLoss
from beholder.ops.resize import resize
from beholder.spec import ShapeError, UsageError


@pytest.fixture(scope="module")
def pair() -> tuple[Tensor, Tensor]:
    y = torch.stack([photo.detail(32) for photo in PHOTOS[:2]])
    return y.flip(3).contiguous(), y


def test_of_flat_pictures_by_hand() -> None:
    x, source = torch.full((1, 3, 8, 8), 0.7), torch.full((1, 3, 4, 2), 0.4)
    expected = {"l1": 0.3, "l2": 0.09, "charbonnier": math.sqrt(0.09 + 1e-6), "huber": 0.045}
    for penalty, value in expected.items():
        found = ShrunkLoss(penalty)(x, x, source=source)  # type: ignore[arg-type]
        assert found.item() == pytest.approx(value, rel=1e-5)


def test_by_torchs_resizing(pair: tuple[Tensor, Tensor]) -> None:
    # The rules differ at the borders only, which a black frame hides.
    x = torch.nn.functional.pad(pair[0], (32,) * 4)
    source = torch.rand(2, 3, 24, 24)
    shrunk = interpolate(x, (24, 24), mode="bicubic", antialias=True)
    expected = (shrunk - source).abs().mean((1, 2, 3))
    assert torch.allclose(ShrunkLoss().per_image(x, x, source), expected, rtol=1e-5)


def test_what_was_shrunk_costs_nothing(pair: tuple[Tensor, Tensor]) -> None:
    x, y = pair
    assert ShrunkLoss()(y, y, source=resize(y, 8, 8)).item() == 0
    assert ShrunkLoss()(x, y, source=resize(y, 8, 8)).item() > 0.01
    # A source of the same size is compared as it is.
    assert ShrunkLoss()(x, y, source=y).item() == pytest.approx((x - y).abs().mean().item())


def test_gradients_by_differences() -> None:
    x, y = torch.rand(2, 2, 3, 6, 6, dtype=torch.float64)
    source = torch.rand(2, 3, 3, 2, dtype=torch.float64)
    loss = ShrunkLoss("charbonnier")
    assert torch.autograd.gradcheck(lambda x: loss.per_image(x, y, source), (x.requires_grad_(),))


def test_each_image_stands_alone(pair: tuple[Tensor, Tensor]) -> None:
    (x, y), source = pair, torch.rand(2, 3, 8, 8)
    together = ShrunkLoss().per_image(x, y, source)
    alone = [ShrunkLoss().per_image(x[n : n + 1], y[n : n + 1], source[n : n + 1]) for n in range(2)]
    assert torch.allclose(together, torch.cat(alone), rtol=1e-5)


@pytest.mark.parametrize("penalty", ["l1", "l2", "charbonnier", "huber"])
def test_extreme_pictures_stay_finite(penalty: str) -> None:
    black, white = torch.zeros(1, 3, 8, 8), torch.ones(1, 3, 8, 8)
    loss = create_loss("shrunk", penalty=penalty)
    for x, small in [(black, white), (white, black), (black, black), (white - 1e-8, white)]:
        made = x.clone().requires_grad_()
        value = loss(made, white, source=small[..., :4, :4])
        value.backward()
        assert value.isfinite()
        assert made.grad is not None
        assert made.grad.isfinite().all()


def test_half_precision_is_widened(pair: tuple[Tensor, Tensor]) -> None:
    given = [picture.bfloat16() for picture in (*pair, torch.rand(2, 3, 8, 8))]
    x, y, source = (picture.float() for picture in given)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = ShrunkLoss()(given[0], given[1], source=given[2])
    assert found.item() == ShrunkLoss()(x, y, source=source).item()


def test_wrong_input_is_refused(pair: tuple[Tensor, Tensor]) -> None:
    with pytest.raises(UsageError, match="penalty is 'l3'"):
        ShrunkLoss("l3")  # type: ignore[arg-type]
    loss = ShrunkLoss()
    with pytest.raises(UsageError, match=r"hand it in: loss\(x, y, source=...\)"):
        loss(*pair)
    with pytest.raises(
        ShapeError, match="the source is 33x16 and x 32x32; expected a source that is no larger"
    ):
        loss(*pair, source=torch.rand(2, 3, 16, 33))
    with pytest.raises(ShapeError, match=r"the source \(1, 3, 8, 8\)"):
        loss(*pair, source=torch.rand(1, 3, 8, 8))
