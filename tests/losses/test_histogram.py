"""Differences of histograms against scipy's earth mover's distance and numpy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage, stats
from torch import Tensor

from beholder.catalog import create_loss
from beholder.data.photos import PHOTOS
from beholder.losses.histogram import HistogramLoss, cumulative_histogram, histogram_distance
from beholder.spec import ShapeError, UsageError
from losses.extremes import extreme_pairs


@pytest.fixture
def pair() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    x, y = torch.rand(2, 3, 3, 9, 7, dtype=torch.float64, generator=generator)
    return x, y**2


def soft_histogram(values: Tensor, bins: int) -> np.ndarray:
    """Each bin's sum of the triangles that stand on the values, written out."""
    middles = np.linspace(0, 1, bins)
    distances = np.abs(values.flatten().numpy()[:, None] - middles) * (bins - 1)
    return np.clip(1 - distances, 0, None).mean(0)


def test_by_hand() -> None:
    x, y = torch.zeros(1, 3, 2, 2), torch.zeros(1, 3, 2, 2)
    y[0, 0] = torch.tensor([[0.5, 0.25], [0.0, 1.0]])
    found = cumulative_histogram(y, 3)[0]
    # 0.25 lies half way between the bins 0 and 0.5.
    assert found.tolist() == [[0.375, 0.75], [1, 1], [1, 1]]
    assert HistogramLoss(bins=3)(x, y).item() == pytest.approx((0.5 + 0.25 + 1) / 4 / 3)


@pytest.mark.parametrize("bins", [2, 5, 64])
def test_by_numpy(pair: tuple[Tensor, Tensor], bins: int) -> None:
    found = HistogramLoss(bins=bins).per_image(*pair)
    for index, (x, y) in enumerate(zip(*pair, strict=True)):
        expected = [
            np.abs(np.cumsum(soft_histogram(a, bins) - soft_histogram(b, bins))).sum() / (bins - 1)
            for a, b in zip(x, y, strict=True)
        ]
        assert found[index].item() == pytest.approx(np.mean(expected))


def test_it_is_the_earth_movers_distance(pair: tuple[Tensor, Tensor]) -> None:
    rounded = tuple((picture * 63).round() / 63 for picture in pair)
    for loss, (x, y), tolerance in (
        (HistogramLoss(), rounded, 1e-12),  # values on the bins: exact
        (HistogramLoss(bins=2000), pair, 1e-5),
        (HistogramLoss(), (2 * pair[0] - 0.5, pair[1]), 0.01),  # overshooting values too
    ):
        expected = [
            np.mean([stats.wasserstein_distance(a.flatten(), b.flatten()) for a, b in zip(i, j, strict=True)])
            for i, j in zip(x, y, strict=True)
        ]
        assert loss.per_image(x, y).tolist() == pytest.approx(expected, abs=tolerance)


def test_a_bandwidth_smooths(pair: tuple[Tensor, Tensor]) -> None:
    bins, bandwidth = 33, 0.1
    found = HistogramLoss(bins=bins, bandwidth=bandwidth).per_image(*pair)
    sigma = bandwidth * (bins - 1)
    reach = int(4 * sigma) + 1
    expected = []
    for x, y in zip(*pair, strict=True):
        steps = [
            np.cumsum(soft_histogram(a, bins) - soft_histogram(b, bins)) for a, b in zip(x, y, strict=True)
        ]
        smoothed = [
            ndimage.gaussian_filter1d(np.pad(step[:-1], reach), sigma, mode="constant", radius=reach)
            for step in steps
        ]
        expected.append(np.mean([np.abs(step).sum() / (bins - 1) for step in smoothed]))
    assert found.tolist() == pytest.approx(expected)
    assert (found < HistogramLoss(bins=bins).per_image(*pair)).all()


def test_smoothing_keeps_a_shift() -> None:
    x = torch.full((1, 3, 4, 4), 0.2, dtype=torch.float64)
    assert HistogramLoss(bandwidth=0.3)(x, x + 0.5).item() == pytest.approx(0.5)


def test_places_do_not_matter(pair: tuple[Tensor, Tensor]) -> None:
    x, y = pair
    order = torch.randperm(63, generator=torch.Generator().manual_seed(1))
    shuffled = x.flatten(2)[..., order].view_as(x)
    assert HistogramLoss()(shuffled, x).item() == pytest.approx(0, abs=1e-12)
    assert histogram_distance(x.repeat(1, 1, 2, 1), y).tolist() == pytest.approx(
        HistogramLoss().per_image(x, y).tolist()
    )


@pytest.mark.parametrize("bandwidth", [None, 0.05])
def test_it_moves_colours_back(bandwidth: float | None) -> None:
    y = PHOTOS[0].detail(48)[None]
    shift = torch.tensor([1.0, -1.0, 0.5]).view(1, 3, 1, 1)
    x = (0.7 * y + 0.15 + 0.12 * shift).requires_grad_()
    loss = HistogramLoss(bandwidth=bandwidth)
    optimiser = torch.optim.Adam([x], lr=0.01)
    before = loss(x, y).item()
    for _ in range(60):
        optimiser.zero_grad()
        loss(x, y).backward()
        optimiser.step()
    assert loss(x, y).item() < before / 10
    assert torch.allclose(x.mean((2, 3)), y.mean((2, 3)), atol=0.01)
    assert torch.allclose(x.std((2, 3)), y.std((2, 3)), atol=0.02)


def test_colours_far_apart_attract() -> None:
    x = torch.full((1, 3, 4, 4), -0.2).requires_grad_()
    with torch.no_grad():
        x[..., 2:] = 0.0
    HistogramLoss()(x, torch.ones(1, 3, 4, 4)).backward()
    assert x.grad is not None
    assert torch.allclose(x.grad, torch.full_like(x, -1 / 48))


@pytest.mark.parametrize("bandwidth", [None, 0.1])
def test_gradients_are_right(pair: tuple[Tensor, Tensor], bandwidth: float | None) -> None:
    x, y = (picture[:2, :, :4, :3].clone().requires_grad_() for picture in pair)
    loss = HistogramLoss(bins=9, bandwidth=bandwidth)
    assert torch.autograd.gradcheck(loss.per_image, (x, y))
    assert torch.autograd.gradcheck(lambda given: loss.per_image(1.5 * given - 0.2, y), x)


@pytest.mark.parametrize("bandwidth", [None, 0.1])
def test_batch_mates_do_not_matter(pair: tuple[Tensor, Tensor], bandwidth: float | None) -> None:
    loss = HistogramLoss(bandwidth=bandwidth)
    alone = torch.cat([loss.per_image(pair[0][i : i + 1], pair[1][i : i + 1]) for i in range(3)])
    assert torch.allclose(loss.per_image(*pair), alone, rtol=1e-12)


def test_wrong_input_is_refused() -> None:
    for bins in (1, 2.5, True):
        with pytest.raises(UsageError, match="expected a whole number of at least 2"):
            HistogramLoss(bins=bins)  # type: ignore[arg-type]
    for bandwidth in (0, -0.1, 2):
        with pytest.raises(UsageError, match="expected a number above 0, at most 1"):
            create_loss("histogram", bandwidth=bandwidth)
    with pytest.raises(ShapeError, match="expected the same shape"):
        HistogramLoss()(torch.zeros(1, 3, 4, 4), torch.zeros(1, 3, 4, 5))


@pytest.mark.parametrize("bandwidth", [None, 1e-30, 0.1])
@pytest.mark.parametrize("case", extreme_pairs(16))
def test_extremes_are_finite(case: str, bandwidth: float | None) -> None:
    x, y = extreme_pairs(16)[case]
    x = x.clone().requires_grad_()
    value = HistogramLoss(bandwidth=bandwidth)(x, y)
    value.backward()
    assert value.isfinite()
    assert x.grad is not None
    assert x.grad.isfinite().all()
    if case in ("black", "white", "identical", "slightly outside"):
        assert value.item() == 0
        assert not x.grad.any()
