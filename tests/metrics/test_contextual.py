"""Contextual distance against its definition, entry by entry."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from beholder.catalog import create_metric
from beholder.metrics import contextual
from beholder.metrics.contextual import contextual_distance
from beholder.spec import UsageError


def by_definition(x: np.ndarray, y: np.ndarray, bandwidth: float) -> float:
    """For features as columns, shape (C, N)."""
    centre = y.mean(1, keepdims=True)
    x, y = x - centre, y - centre
    cosine = (x / np.linalg.norm(x, axis=0)).T @ (y / np.linalg.norm(y, axis=0))
    distance = 1 - cosine
    relative = distance / (distance.min(1, keepdims=True) + 1e-5)
    weights = np.exp((1 - relative) / bandwidth)
    similarity = weights / weights.sum(1, keepdims=True)
    return float(-np.log(similarity.max(0).mean()))


@pytest.fixture
def features() -> tuple[Tensor, Tensor]:
    x, y = torch.rand(2, 2, 5, 6, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    return x, y


@pytest.mark.parametrize("bandwidth", [0.1, 0.5])
def test_by_the_paper(features: tuple[Tensor, Tensor], bandwidth: float) -> None:
    x, y = features
    found = contextual_distance(x, y, bandwidth=bandwidth)
    for image in range(2):
        expected = by_definition(x[image].flatten(1).numpy(), y[image].flatten(1).numpy(), bandwidth)
        assert found[image].item() == pytest.approx(expected, rel=1e-9)


def test_tiles_give_the_whole_and_its_gradient(
    features: tuple[Tensor, Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    results = []
    for tile in (2**20, 5 * 42):  # all 42 rows, then 5 at a time
        monkeypatch.setattr(contextual, "_TILE", tile)
        x, y = (each.clone().requires_grad_() for each in features)
        scores = contextual_distance(x, y)
        scores.sum().backward()
        assert x.grad is not None
        assert y.grad is not None
        results.append(torch.cat([scores.detach(), x.grad.flatten(), y.grad.flatten()]))
    assert torch.allclose(*results, rtol=1e-12, atol=1e-14)


def test_does_not_overflow(features: tuple[Tensor, Tensor]) -> None:
    x, _ = (each.float().requires_grad_() for each in features)
    scores = contextual_distance(x, x.detach(), bandwidth=1e-3)
    scores.sum().backward()
    assert scores.abs().max() < 1e-6
    assert x.grad is not None
    assert x.grad.isfinite().all()


def test_places_do_not_matter(features: tuple[Tensor, Tensor]) -> None:
    x, y = features
    assert torch.allclose(contextual_distance(x.flip(2, 3), y), contextual_distance(x, y), rtol=1e-12)


def test_repeated_features_share_their_match() -> None:
    y = torch.tensor([[1.0, 1, -1, -1]]).view(1, 1, 2, 2)
    assert contextual_distance(y, y).item() == pytest.approx(math.log(2), abs=1e-6)


def test_another_layer_has_another_smallest_size() -> None:
    assert create_metric("contextual").spec.min_size == 16
    assert create_metric("contextual:layer=relu3_2").spec.min_size == 8


@pytest.mark.parametrize("bandwidth", [0, -1, True, "wide", math.inf])
def test_impossible_bandwidth_is_refused(bandwidth: object) -> None:
    with pytest.raises(UsageError, match="number above 0"):
        create_metric("contextual", bandwidth=bandwidth)
