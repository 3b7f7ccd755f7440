"""Total variation against values by hand and loops."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from beholder.catalog import create_loss
from beholder.data.degradations import add_noise
from beholder.data.photos import PHOTOS
from beholder.losses.total_variation import TotalVariation, total_variation
from beholder.spec import ShapeError


def test_by_hand() -> None:
    x = torch.zeros(1, 3, 2, 2)
    x[0, 1] = torch.tensor([[0.0, 0.3], [0.4, 0.9]])
    # To the right 0.3 and 0.5, downwards 0.4 and 0.6; together only at the first pixel.
    assert TotalVariation()(x, torch.zeros_like(x)).item() == pytest.approx((0.3 + 0.5 + 0.4 + 0.6) / 12)
    expected = (math.hypot(0.3, 0.4) + 0.6 + 0.5) / 12
    assert create_loss("total_variation:isotropic=true")(x, torch.zeros_like(x)).item() == pytest.approx(
        expected
    )


def test_by_loops() -> None:
    x = torch.rand(2, 3, 4, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    for index in range(2):
        sums = lengths = 0.0
        for channel in range(3):
            for row in range(4):
                for column in range(5):
                    here = x[index, channel, row, column].item()
                    across = x[index, channel, row, column + 1].item() - here if column < 4 else 0.0
                    down = x[index, channel, row + 1, column].item() - here if row < 3 else 0.0
                    sums += abs(across) + abs(down)
                    lengths += math.hypot(across, down)
        assert total_variation(x)[index].item() == pytest.approx(sums / 60)
        assert total_variation(x, isotropic=True)[index].item() == pytest.approx(lengths / 60)


def test_noise_costs_more() -> None:
    y = torch.stack([photo.detail(64) for photo in PHOTOS[:2]])
    x = torch.stack([add_noise(picture, 0.1, seed=0) for picture in y])
    for isotropic in (False, True):
        assert (total_variation(x, isotropic=isotropic) > total_variation(y, isotropic=isotropic)).all()


def test_the_target_does_not_matter() -> None:
    x, y = torch.rand(2, 2, 3, 5, 5, generator=torch.Generator().manual_seed(1))
    assert TotalVariation()(x, y).item() == TotalVariation()(x, x.clamp(0, 0.5)).item()
    with pytest.raises(ShapeError, match="expected the same shape"):
        TotalVariation()(x, y[..., :4])


@pytest.mark.parametrize("isotropic", [False, True])
def test_gradients_are_right(isotropic: bool) -> None:
    x = torch.rand(2, 3, 4, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    assert torch.autograd.gradcheck(
        lambda given: total_variation(given, isotropic=isotropic), x.requires_grad_()
    )


@pytest.mark.parametrize("isotropic", [False, True])
def test_batch_mates_do_not_matter(isotropic: bool) -> None:
    x = torch.rand(3, 3, 6, 7, generator=torch.Generator().manual_seed(3))
    loss = TotalVariation(isotropic=isotropic)
    alone = torch.cat([loss.per_image(picture[None], picture[None]) for picture in x])
    assert torch.allclose(loss.per_image(x, x), alone, rtol=1e-6)


def extremes() -> dict[str, Tensor]:
    noise = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    return {
        "black": torch.zeros_like(noise),
        "white": torch.ones_like(noise),
        "constant": torch.full_like(noise, 0.3),
        "extreme": noise.round(),
        "almost constant": 0.5 + 1e-8 * noise,
        "almost black": 1e-30 * noise,
        "one pixel": noise[..., :1, :1],
        "one row": noise[..., :1, :],
    }


@pytest.mark.parametrize("isotropic", [False, True])
@pytest.mark.parametrize("case", extremes())
def test_extremes_are_finite(isotropic: bool, case: str) -> None:
    x = extremes()[case].requires_grad_()
    value = TotalVariation(isotropic=isotropic)(x, x.detach())
    value.backward()
    assert value.isfinite()
    assert x.grad is not None
    assert x.grad.isfinite().all()
    if case in ("black", "white", "constant", "one pixel"):
        assert value.item() == 0
        assert not x.grad.any()
