"""Differences of frequencies against the full transform in numpy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from beholder.catalog import create_loss
from beholder.losses.frequency import FrequencyLoss, Kind, focal_frequency
from beholder.spec import ShapeError, UsageError
from losses.extremes import extreme_pairs

KINDS: tuple[Kind, ...] = ("focal", "amplitude")
SHAPES = [(6, 5), (5, 6), (7, 7), (4, 8), (1, 1), (1, 2), (3, 1)]


def make_pair(height: int, width: int) -> tuple[Tensor, Tensor]:
    x, y = torch.rand(
        2, 3, 3, height, width, dtype=torch.float64, generator=torch.Generator().manual_seed(height)
    )
    return x, y


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("alpha", [0, 0.5, 1, 2])
def test_focal_by_the_full_transform(shape: tuple[int, int], alpha: float) -> None:
    x, y = make_pair(*shape)
    found = FrequencyLoss(alpha=alpha).per_image(x, y)
    for index in range(3):
        total = 0.0
        for channel in range(3):
            sizes = np.abs(
                np.fft.fft2(x[index, channel].numpy(), norm="ortho")
                - np.fft.fft2(y[index, channel].numpy(), norm="ortho")
            )
            weights = sizes**alpha / (sizes**alpha).max()
            total += (weights * sizes**2).mean()
        assert found[index].item() == pytest.approx(total / 3)


@pytest.mark.parametrize("shape", SHAPES)
def test_amplitudes_by_the_full_transform(shape: tuple[int, int]) -> None:
    x, y = make_pair(*shape)
    expected = [
        np.abs(
            np.abs(np.fft.fft2(a.numpy(), norm="ortho")) - np.abs(np.fft.fft2(b.numpy(), norm="ortho"))
        ).mean()
        for a, b in zip(x, y, strict=True)
    ]
    assert FrequencyLoss(kind="amplitude").per_image(x, y).tolist() == pytest.approx(expected)


def test_by_hand() -> None:
    x, y = torch.zeros(1, 3, 2, 2), torch.zeros(1, 3, 2, 2)
    y[0, 2] = torch.tensor([[1.0, 0.0], [0.0, 0.0]])
    # A point holds all frequencies alike: 4 times 1/2.
    assert create_loss("frequency")(x, y).item() == pytest.approx(0.25 / 3)
    assert create_loss("frequency:kind=amplitude")(x, y).item() == pytest.approx(0.5 / 3)
    y[0, 2] = 1.0
    # A constant holds one: 2, and its square has weight 1.
    assert create_loss("frequency")(x, y).item() == pytest.approx(4 / 4 / 3)


def test_without_weights_it_is_the_squared_error() -> None:
    x, y = make_pair(6, 7)
    assert torch.allclose(focal_frequency(x, y, alpha=0), (x - y).square().mean((1, 2, 3)))


def test_amplitudes_do_not_see_places() -> None:
    x, _ = make_pair(8, 6)
    moved = x.roll((2, 3), (2, 3))
    assert FrequencyLoss(kind="amplitude")(moved, x).item() < 1e-14
    assert FrequencyLoss()(moved, x).item() > 0.01


@pytest.mark.parametrize("shape", [(4, 4), (3, 5)])
def test_gradients_are_right(shape: tuple[int, int]) -> None:
    x, y = (picture[:2].clone().requires_grad_() for picture in make_pair(*shape))
    assert torch.autograd.gradcheck(FrequencyLoss(kind="amplitude").per_image, (x, y))
    assert torch.autograd.gradcheck(FrequencyLoss(alpha=0).per_image, (x, y))


def test_weights_are_constants() -> None:
    x, y = make_pair(4, 5)
    x = x.requires_grad_()
    (found,) = torch.autograd.grad(FrequencyLoss(alpha=1.5).per_image(x, y).sum(), x)
    difference = torch.fft.fft2(x - y, norm="ortho")
    weights = difference.detach().abs() ** 1.5
    weights = weights / weights.amax((2, 3), keepdim=True)
    expected = (weights * difference.abs().square()).mean((1, 2, 3)).sum()
    assert torch.allclose(found, torch.autograd.grad(expected, x)[0])


@pytest.mark.parametrize("kind", KINDS)
def test_batch_mates_do_not_matter(kind: Kind) -> None:
    pair = make_pair(6, 5)
    loss = FrequencyLoss(kind=kind)
    alone = torch.cat([loss.per_image(pair[0][i : i + 1], pair[1][i : i + 1]) for i in range(3)])
    assert torch.allclose(loss.per_image(*pair), alone, rtol=1e-12)


def test_wrong_input_is_refused() -> None:
    with pytest.raises(UsageError, match="kind is 'phase'; expected one of focal, amplitude"):
        FrequencyLoss(kind="phase")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="alpha is -1"):
        FrequencyLoss(alpha=-1)
    with pytest.raises(UsageError, match="alpha goes with kind 'focal'"):
        create_loss("frequency:kind=amplitude:alpha=2")
    with pytest.raises(ShapeError, match="expected the same shape"):
        FrequencyLoss()(torch.zeros(1, 3, 4, 4), torch.zeros(1, 3, 4, 5))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", extreme_pairs(16))
def test_extremes_are_finite(kind: Kind, case: str) -> None:
    x, y = extreme_pairs(16)[case]
    x = x.clone().requires_grad_()
    value = FrequencyLoss(kind=kind)(x, y)
    value.backward()
    assert value.isfinite()
    assert x.grad is not None
    assert x.grad.isfinite().all()
    if case in ("black", "white", "identical"):
        assert value.item() == 0
