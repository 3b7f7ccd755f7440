"""Metrics as losses: converted, then reduced."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from beholder.adapters import wrap_metric
from beholder.catalog import create_loss, create_metric
from beholder.data.degradations import add_noise
from beholder.data.photos import PHOTOS
from beholder.losses import AsLoss
from beholder.spec import UsageError


@pytest.fixture(scope="module")
def pair() -> tuple[Tensor, Tensor]:
    y = torch.stack([photo.detail(64) for photo in PHOTOS[:2]])
    return torch.stack([add_noise(y[0], 0.02, seed=0), add_noise(y[1], 0.2, seed=0)]), y


def test_higher_is_better_turns_round(pair: tuple[Tensor, Tensor]) -> None:
    scores = create_metric("ssim")(*pair)
    assert torch.allclose(AsLoss("ssim").per_image(*pair), 1 - scores)
    assert AsLoss("ssim")(*pair).item() == pytest.approx((1 - scores).mean().item())


def test_lower_is_better_stays(pair: tuple[Tensor, Tensor]) -> None:
    assert torch.allclose(AsLoss("gmsd").per_image(*pair), create_metric("gmsd")(*pair))


def test_an_infinite_best_is_left_out(pair: tuple[Tensor, Tensor]) -> None:
    assert torch.allclose(AsLoss("psnr").per_image(*pair), -create_metric("psnr")(*pair))


def test_equal_pictures_leave_the_mean_finite(pair: tuple[Tensor, Tensor]) -> None:
    x = torch.stack([pair[0][0], pair[1][1]]).requires_grad_()
    loss = AsLoss("psnr")(x, pair[1])
    assert loss.item() == pytest.approx((-200 - create_metric("psnr")(*pair)[0].item()) / 2, rel=1e-5)
    loss.backward()
    assert x.grad is not None
    assert x.grad.isfinite().all()


def test_each_image_is_converted_before_the_mean(pair: tuple[Tensor, Tensor]) -> None:
    assert AsLoss("psnr")(*pair).item() == pytest.approx(-create_metric("psnr")(*pair).mean().item())


def test_options_and_modules(pair: tuple[Tensor, Tensor]) -> None:
    named, given = AsLoss("ssim", channel="rgb"), AsLoss(create_metric("ssim:channel=rgb"))
    assert named(*pair).item() == given(*pair).item() == create_loss("ssim:channel=rgb")(*pair).item()
    with pytest.raises(UsageError, match="options channel go with a metric's name"):
        AsLoss(create_metric("ssim"), channel="rgb")


def test_what_has_no_gradient_is_refused() -> None:
    counted = wrap_metric(lambda x, y: (x != y).sum(), "unequal", "lower", best=0)
    with pytest.raises(UsageError, match="unequal is no loss: no gradient flows through it"):
        AsLoss(counted)
    with pytest.raises(UsageError, match="judges a picture alone"):
        AsLoss("niqe:model.safetensors")
