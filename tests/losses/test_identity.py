"""The identity loss: by hand, and what it looks at."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from beholder.catalog import create_loss
from beholder.data.photos import PHOTOS
from beholder.losses.identity import IdentityLoss
from beholder.spec import ShapeError, UsageError


@pytest.fixture(scope="module")
def pair() -> tuple[Tensor, Tensor]:
    y = torch.stack([photo.detail(32) for photo in PHOTOS[:2]])
    return y.flip(3).contiguous(), y


@pytest.mark.parametrize(
    ("penalty", "expected"),
    [
        ("l1", (0 + 0.1 + 0.3 + 0.2) / 4),
        ("l2", (0 + 0.01 + 0.09 + 0.04) / 4),
        ("charbonnier", sum(math.sqrt(d**2 + 1e-6) for d in (0, 0.1, 0.3, 0.2)) / 4),
        ("huber", (0 + 0.01 + 0.09 + 0.04) / 8),
    ],
)
def test_by_hand(penalty: str, expected: float) -> None:
    y = torch.tensor([0.0, 0.2, 0.6, 0.4]).view(1, 1, 2, 2).expand(1, 3, 2, 2)
    loss = IdentityLoss(lambda picture: picture / 2, penalty=penalty)  # type: ignore[arg-type]
    assert loss(torch.rand(1, 3, 2, 2), y).item() == pytest.approx(expected, rel=1e-5)


def test_only_the_network_gets_gradients(pair: tuple[Tensor, Tensor]) -> None:
    network = nn.Conv2d(3, 3, 3, padding=1)
    x = pair[0].clone().requires_grad_()
    loss = IdentityLoss(network)
    loss(x, pair[1]).backward()
    assert x.grad is None
    assert network.weight.grad is not None
    assert network.weight.grad.abs().sum() > 0
    assert torch.equal(loss.per_image(1 - x, pair[1]), loss.per_image(x, pair[1]))


def test_gradients_by_differences() -> None:
    x, y = torch.rand(2, 2, 3, 4, 4, dtype=torch.float64)
    weight = torch.rand(3, 3, 1, 1, dtype=torch.float64, requires_grad=True)

    def cost(weight: Tensor) -> Tensor:
        loss = IdentityLoss(lambda y: nn.functional.conv2d(y, weight), penalty="charbonnier")
        return loss.per_image(x, y)

    assert torch.autograd.gradcheck(cost, (weight,))


def test_each_image_stands_alone(pair: tuple[Tensor, Tensor]) -> None:
    loss = IdentityLoss(nn.Conv2d(3, 3, 3, padding=1))
    together = loss.per_image(*pair)
    alone = [loss.per_image(pair[0][n : n + 1], pair[1][n : n + 1]) for n in range(2)]
    assert torch.allclose(together, torch.cat(alone), rtol=1e-5)


@pytest.mark.parametrize("penalty", ["l1", "l2", "charbonnier", "huber"])
def test_extreme_pictures_stay_finite(penalty: str) -> None:
    scale = nn.Conv2d(3, 3, 1, bias=False)
    loss = create_loss("identity", network=scale, penalty=penalty)
    for weights in (torch.eye(3), torch.zeros(3, 3), torch.eye(3) * (1 - 1e-7)):
        with torch.no_grad():
            scale.weight.copy_(weights[..., None, None])
        for y in (torch.zeros(1, 3, 4, 4), torch.ones(1, 3, 4, 4), torch.rand(1, 3, 4, 4).round()):
            scale.zero_grad()
            value = loss(y, y)
            value.backward()
            assert value.isfinite()
            assert scale.weight.grad is not None
            assert scale.weight.grad.isfinite().all()


def test_wrong_input_is_refused(pair: tuple[Tensor, Tensor]) -> None:
    with pytest.raises(UsageError, match="expected a network, or a function"):
        IdentityLoss("unet")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="penalty is 'l3'"):
        IdentityLoss(nn.Identity(), penalty="l3")  # type: ignore[arg-type]
    with pytest.raises(ShapeError, match=r"network\(y\) has shape \(2, 3, 16, 16\) and y \(2, 3, 32, 32\)"):
        IdentityLoss(nn.MaxPool2d(2))(*pair)
    with pytest.raises(ShapeError, match="expected the same shape"):
        IdentityLoss(nn.Identity())(pair[0][:1], pair[1])
