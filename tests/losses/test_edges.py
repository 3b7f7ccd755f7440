"""Differences of edges against scipy and values by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import signal
from torch import Tensor

from beholder.catalog import create_loss
from beholder.data.photos import PHOTOS
from beholder.losses.edges import EdgeLoss, edge_strength
from beholder.spec import ShapeError
from losses.extremes import extreme_pairs

RIGHT = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]]) / 4  # convolution flips it


@pytest.fixture
def pair() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    x, y = torch.rand(2, 3, 3, 8, 6, dtype=torch.float64, generator=generator)
    return x, y


def gradients(picture: Tensor) -> np.ndarray:
    return np.array(
        [
            [signal.convolve2d(channel, kernel, "valid") for kernel in (RIGHT, RIGHT.T)]
            for channel in picture.numpy()
        ]
    )


def test_by_hand() -> None:
    x, y = torch.zeros(1, 3, 3, 3), torch.zeros(1, 3, 3, 3)
    y[0, 0, :, 2] = 1  # a step to the right in red: 1 over two pixels
    assert EdgeLoss()(x, y).item() == pytest.approx(1 / 6)
    assert create_loss("edges:masked=true")(x, y).item() == pytest.approx(1 / 6 / (1 + 1 / 255))


def test_by_scipy(pair: tuple[Tensor, Tensor]) -> None:
    plain, masked = EdgeLoss().per_image(*pair), EdgeLoss(masked=True).per_image(*pair)
    for index, (x, y) in enumerate(zip(*pair, strict=True)):
        costs = np.abs(gradients(x) - gradients(y)).mean((0, 1))
        magnitude = np.sqrt((gradients(y) ** 2).sum((0, 1)))
        assert plain[index].item() == pytest.approx(costs.mean())
        expected = (costs * magnitude).mean() / (magnitude.mean() + 1 / 255)
        assert masked[index].item() == pytest.approx(expected)


def test_levels_do_not_matter_and_directions_do(pair: tuple[Tensor, Tensor]) -> None:
    y = pair[1] / 2
    assert EdgeLoss()(y + 0.3, y).item() == pytest.approx(0, abs=1e-15)
    assert EdgeLoss()(1 - y, y).item() > EdgeLoss()(torch.full_like(y, 0.5), y).item()


def test_flat_regions_do_not_count_where_masked() -> None:
    y = torch.full((1, 3, 16, 16), 0.25)
    y[..., 12:] = 0.75
    x = y.clone()
    x[..., 2:6, 2:6] = 0.5  # an edge that the target has not
    assert EdgeLoss()(x, y).item() > 0.01
    assert EdgeLoss(masked=True)(x, y).item() == 0


def test_a_target_without_edges_gives_nothing() -> None:
    y = torch.full((1, 3, 8, 8), 0.5)
    x = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(1)).requires_grad_()
    loss = EdgeLoss(masked=True)(x, y)
    loss.backward()
    assert loss.item() == 0
    assert x.grad is not None
    assert not x.grad.any()


def test_rounding_is_no_edge() -> None:
    photo = PHOTOS[0].detail(64)[None]
    flat = 0.5 + torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(2)) * 1e-4
    assert edge_strength(photo).mean() > 0.8
    assert edge_strength(flat).mean() < 0.05


def test_small_pictures_are_refused() -> None:
    with pytest.raises(ShapeError, match="expected at least 3x3"):
        EdgeLoss()(torch.zeros(1, 3, 2, 5), torch.zeros(1, 3, 2, 5))


@pytest.mark.parametrize("masked", [False, True])
def test_gradients_are_right(pair: tuple[Tensor, Tensor], masked: bool) -> None:
    x, y = (picture[:2, :, :5, :4].clone() for picture in pair)
    loss = EdgeLoss(masked=masked)
    assert torch.autograd.gradcheck(lambda given: loss.per_image(given, y), x.requires_grad_())


@pytest.mark.parametrize("masked", [False, True])
def test_batch_mates_do_not_matter(pair: tuple[Tensor, Tensor], masked: bool) -> None:
    loss = EdgeLoss(masked=masked)
    alone = torch.cat([loss.per_image(pair[0][i : i + 1], pair[1][i : i + 1]) for i in range(3)])
    assert torch.allclose(loss.per_image(*pair), alone, rtol=1e-12)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("case", extreme_pairs(16))
def test_extremes_are_finite(masked: bool, case: str) -> None:
    x, y = (picture.clone().requires_grad_() for picture in extreme_pairs(16)[case])
    value = EdgeLoss(masked=masked)(x, y)
    value.backward()
    assert value.isfinite()
    for picture in (x, y):
        assert picture.grad is not None
        assert picture.grad.isfinite().all()
