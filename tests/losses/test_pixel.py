"""Differences of pixels against torch's own losses and values by hand."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from beholder.catalog import create_loss
from beholder.losses.pixel import PENALTIES, Penalty, PixelLoss, penalise
from beholder.ops.color import rgb_to_y
from beholder.spec import ShapeError, UsageError
from losses.extremes import extreme_pairs


@pytest.fixture
def pair() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    x, y = torch.rand(2, 3, 3, 6, 5, dtype=torch.float64, generator=generator)
    return x, y


def test_by_hand() -> None:
    x, y = torch.zeros(1, 3, 2, 2), torch.zeros(1, 3, 2, 2)
    y[0, 0] = torch.tensor([[0.5, 0.0], [0.0, 1.0]])
    assert PixelLoss("l1")(x, y).item() == pytest.approx(1.5 / 12)
    assert PixelLoss("l2")(x, y).item() == pytest.approx(1.25 / 12)
    # sqrt(0.25 + 0.5625) is not round; sqrt(1 + 0.5625) is 1.25, and 10 places without difference cost epsilon.
    expected = ((0.25 + 0.5625) ** 0.5 + 1.25 + 10 * 0.75) / 12
    assert PixelLoss("charbonnier", epsilon=0.75)(x, y).item() == pytest.approx(expected)
    # 0.5 is at delta: 0.125; 1 is beyond it: 0.5 * (1 - 0.25).
    assert PixelLoss("huber", delta=0.5)(x, y).item() == pytest.approx((0.125 + 0.375) / 12)


def test_by_torch(pair: tuple[Tensor, Tensor]) -> None:
    x, y = pair
    for loss, expected in (
        ("l1", functional.l1_loss(x, y)),
        ("l2", functional.mse_loss(x, y)),
        ("huber", functional.huber_loss(x, y)),
        ("huber:delta=0.2", functional.huber_loss(x, y, delta=0.2)),
        ("l1:channel=y", functional.l1_loss(rgb_to_y(x), rgb_to_y(y))),
        ("charbonnier", torch.hypot(x - y, torch.tensor(1e-3).to(x)).mean()),
    ):
        assert create_loss(loss)(x, y).item() == pytest.approx(expected.item(), rel=1e-12, abs=1e-9), loss


def test_no_difference_costs_epsilon(pair: tuple[Tensor, Tensor]) -> None:
    assert PixelLoss("charbonnier")(pair[0], pair[0]).item() == pytest.approx(1e-3)


def test_a_mask_weighs_places(pair: tuple[Tensor, Tensor]) -> None:
    x, y = pair
    mask = torch.rand(3, 1, 6, 5, generator=torch.Generator().manual_seed(2))
    found = PixelLoss("l2").per_image(x, y, mask=mask)
    for index in range(3):
        total = weight = 0.0
        for row in range(6):
            for column in range(5):
                for channel in range(3):
                    here = mask[index, 0, row, column].item()
                    total += (
                        here * (x[index, channel, row, column] - y[index, channel, row, column]).item() ** 2
                    )
                    weight += here
        assert found[index].item() == pytest.approx(total / weight)


def test_masks_are_relative(pair: tuple[Tensor, Tensor]) -> None:
    loss = PixelLoss("l1")
    plain = loss.per_image(*pair)
    assert torch.allclose(loss.per_image(*pair, mask=torch.full((1, 1, 6, 5), 1e-40)), plain)
    assert torch.allclose(loss.per_image(*pair, mask=torch.ones(3, 1, 6, 5, dtype=torch.bool)), plain)
    left = torch.zeros(1, 1, 6, 5)
    left[..., :2] = 3
    assert torch.allclose(
        loss.per_image(*pair, mask=left), loss.per_image(*(picture[..., :2] for picture in pair))
    )


def test_an_empty_mask_gives_nothing(pair: tuple[Tensor, Tensor]) -> None:
    x = pair[0].requires_grad_()
    mask = torch.ones(3, 1, 6, 5)
    mask[1] = 0
    values = PixelLoss("charbonnier").per_image(x, pair[1], mask=mask)
    (gradient,) = torch.autograd.grad(values.sum(), x)
    assert values[1].item() == 0
    assert not gradient[1].any()
    assert gradient[[0, 2]].all()


@pytest.mark.parametrize("mask", [torch.ones(2, 1, 6, 5), torch.ones(3, 3, 6, 5), torch.ones(6, 5)])
def test_masks_of_other_shapes_are_refused(pair: tuple[Tensor, Tensor], mask: Tensor) -> None:
    with pytest.raises(ShapeError, match=r"the mask has shape .*; expected \(3, 1, 6, 5\)"):
        PixelLoss("l1")(*pair, mask=mask)


@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf")])
def test_masks_of_other_values_are_refused(pair: tuple[Tensor, Tensor], value: float) -> None:
    with pytest.raises(ShapeError, match="expected weights of at least 0"):
        PixelLoss("l1")(*pair, mask=torch.full((1, 1, 6, 5), value))


def test_impossible_options_are_refused() -> None:
    with pytest.raises(UsageError, match="penalty is 'l3'; expected one of l1, l2"):
        PixelLoss("l3")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="epsilon goes with the penalty 'charbonnier', not with 'l1'"):
        create_loss("l1:epsilon=0.1")
    with pytest.raises(UsageError, match="delta goes with the penalty 'huber'"):
        create_loss("charbonnier:delta=0.1")
    with pytest.raises(UsageError, match="delta is 0"):
        create_loss("huber:delta=0")
    with pytest.raises(UsageError, match="epsilon is nan"):
        PixelLoss("charbonnier", epsilon=float("nan"))
    with pytest.raises(UsageError, match="channel is 'grey'"):
        create_loss("l2:channel=grey")


def test_pictures_that_differ_in_shape_are_refused(pair: tuple[Tensor, Tensor]) -> None:
    with pytest.raises(ShapeError, match="expected the same shape"):
        PixelLoss("l1")(pair[0], pair[1][..., :4])


@pytest.mark.parametrize("penalty", PENALTIES)
def test_gradients_are_right(penalty: Penalty) -> None:
    difference = torch.linspace(-2, 2, 12, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda given: penalise(given, penalty, delta=0.7), difference)


@pytest.mark.parametrize("penalty", PENALTIES)
def test_gradients_through_the_mask_are_right(pair: tuple[Tensor, Tensor], penalty: Penalty) -> None:
    x, y = (picture[:2, :, :3, :3].clone().requires_grad_() for picture in pair)
    mask = torch.rand(2, 1, 3, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    loss = PixelLoss(penalty)
    assert torch.autograd.gradcheck(loss.per_image, (x, y, mask.requires_grad_()))


@pytest.mark.parametrize("penalty", PENALTIES)
def test_batch_mates_do_not_matter(pair: tuple[Tensor, Tensor], penalty: Penalty) -> None:
    loss = PixelLoss(penalty)
    alone = torch.cat([loss.per_image(pair[0][i : i + 1], pair[1][i : i + 1]) for i in range(3)])
    assert torch.allclose(loss.per_image(*pair), alone, rtol=1e-12)


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("case", extreme_pairs(16))
def test_extremes_are_finite(penalty: Penalty, case: str) -> None:
    x, y = extreme_pairs(16)[case]
    x = x.clone().requires_grad_()
    value = PixelLoss(penalty)(x, y)
    value.backward()
    assert value.isfinite()
    assert x.grad is not None
    assert x.grad.isfinite().all()


def test_gradients_through_a_mask_of_one_place_are_right(pair: tuple[Tensor, Tensor]) -> None:
    mask = torch.zeros(1, 1, 6, 5, dtype=torch.float64)
    mask[..., 2, 3] = 1
    value = PixelLoss("l1").per_image(*pair, mask=mask.requires_grad_()).sum()
    (gradient,) = torch.autograd.grad(value, mask)
    # The mean at one place does not change with its weight, but with any other's.
    assert gradient[0, 0, 2, 3].item() == pytest.approx(0, abs=1e-12)
    assert gradient.count_nonzero() > 20
