"""The cycle loss: by hand, and who gets gradients."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from beholder.catalog import create_loss
from beholder.data.photos import PHOTOS
from beholder.losses import WeightedSum
from beholder.losses.cycle import CycleLoss
from beholder.spec import ShapeError, UsageError


@pytest.fixture(scope="module")
def pair() -> tuple[Tensor, Tensor]:
    y = torch.stack([photo.detail(32) for photo in PHOTOS[:2]])
    return y.flip(3).contiguous(), y


@pytest.mark.parametrize(
    ("penalty", "expected"),
    [
        ("l1", (0.1 + 0 + 0.3 + 0.2) / 4),
        ("l2", (0.01 + 0 + 0.09 + 0.04) / 4),
        ("charbonnier", sum(math.sqrt(d**2 + 1e-6) for d in (0.1, 0, 0.3, 0.2)) / 4),
        ("huber", (0.01 + 0 + 0.09 + 0.04) / 8),
    ],
)
def test_by_hand(penalty: str, expected: float) -> None:
    x = torch.tensor([0.2, 0.4, 0.6, 0.8]).view(1, 1, 2, 2).expand(1, 3, 2, 2)
    source = torch.tensor([0.0, 0.2, 0.6, 0.6]).view(1, 1, 2, 2).expand(1, 3, 2, 2)
    loss = CycleLoss(lambda picture: picture / 2, penalty=penalty)  # type: ignore[arg-type]
    assert loss(x, x, source=source).item() == pytest.approx(expected, rel=1e-5)


def test_gradients_reach_the_output_and_the_way_back(pair: tuple[Tensor, Tensor]) -> None:
    back = nn.Conv2d(3, 3, 3, 2, 1)
    loss = CycleLoss(back)
    x = pair[0].clone().requires_grad_()
    source = torch.rand(2, 3, 16, 16)
    loss(x, pair[1], source=source).backward()
    assert x.grad is not None
    assert x.grad.abs().sum() > 0
    assert back.weight.grad is not None
    assert back.weight.grad.abs().sum() > 0
    assert dict(loss.named_parameters()).keys() == {"back.weight", "back.bias"}


def test_gradients_by_differences() -> None:
    back = nn.Conv2d(3, 3, 2).double()
    x, y = torch.rand(2, 2, 3, 4, 4, dtype=torch.float64)
    source = torch.rand(2, 3, 3, 3, dtype=torch.float64)
    loss = CycleLoss(back, penalty="charbonnier")
    assert torch.autograd.gradcheck(lambda x: loss.per_image(x, y, source), (x.requires_grad_(),))


def test_each_image_stands_alone(pair: tuple[Tensor, Tensor]) -> None:
    loss = CycleLoss(nn.Conv2d(3, 3, 3, padding=1))
    x, y = pair
    together = loss.per_image(x, y, source=y)
    alone = [loss.per_image(x[n : n + 1], y[n : n + 1], source=y[n : n + 1]) for n in range(2)]
    assert torch.allclose(together, torch.cat(alone), rtol=1e-5)


@pytest.mark.parametrize("penalty", ["l1", "l2", "charbonnier", "huber"])
def test_extreme_pictures_stay_finite(penalty: str) -> None:
    black, white = torch.zeros(1, 3, 4, 4), torch.ones(1, 3, 4, 4)
    loss = create_loss("cycle", back=nn.Identity(), penalty=penalty)
    for x, source in [(black, white), (white, black), (black, black), (white - 1e-8, white)]:
        made = x.clone().requires_grad_()
        value = loss(made, white, source=source)
        value.backward()
        assert value.isfinite()
        assert made.grad is not None
        assert made.grad.isfinite().all()


def test_as_a_term_of_a_sum(pair: tuple[Tensor, Tensor]) -> None:
    loss = WeightedSum({"cycle": CycleLoss(nn.Identity()), "pixels": "l1"})
    loss(*pair, source=pair[1])
    assert loss.log["cycle"].item() == pytest.approx(loss.log["pixels"].item())


def test_wrong_input_is_refused(pair: tuple[Tensor, Tensor]) -> None:
    with pytest.raises(UsageError, match="expected a network, or a function"):
        CycleLoss("unet")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="penalty is 'l3'"):
        CycleLoss(nn.Identity(), penalty="l3")  # type: ignore[arg-type]
    loss = CycleLoss(nn.Identity())
    with pytest.raises(UsageError, match=r"hand it in: loss\(x, y, source=...\)"):
        loss(*pair)
    with pytest.raises(
        ShapeError, match=r"back\(x\) has shape \(2, 3, 32, 32\) and the source \(2, 3, 16, 16\)"
    ):
        loss(*pair, source=torch.rand(2, 3, 16, 16))
    with pytest.raises(ShapeError, match="source has shape"):
        loss(*pair, source=torch.rand(2, 1, 32, 32))
    with pytest.raises(ShapeError, match="expected the same shape"):
        loss(pair[0][:1], pair[1], source=pair[1])
