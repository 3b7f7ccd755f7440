"""Contextual distance against its definition, entry by entry."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from beholder.ops import contextual
from beholder.ops.contextual import contextual_distance
from beholder.spec import ShapeError, UsageError


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


@pytest.mark.parametrize("distance", ["l1", "l2", "cosine"])
@pytest.mark.parametrize("spatial_weight", [0.0, 0.3])
def test_any_distance_between_maps_of_any_size(distance: str, spatial_weight: float) -> None:
    generator = torch.Generator().manual_seed(1)
    x = torch.rand(2, 4, 3, 5, dtype=torch.float64, generator=generator)
    y = torch.rand(2, 4, 6, 2, dtype=torch.float64, generator=generator)
    found = contextual_distance(x, y, bandwidth=0.2, distance=distance, spatial_weight=spatial_weight)  # type: ignore[arg-type]
    assert torch.allclose(found, dense(x, y, 0.2, distance, spatial_weight), rtol=1e-10)


def dense(x: Tensor, y: Tensor, bandwidth: float, distance: str, spatial_weight: float) -> Tensor:
    """The whole matrix, one entry after another."""
    scores = []
    for a, b in zip(x, y, strict=True):
        a_list, b_list = ([f[:, r, c] for r in range(f.shape[1]) for c in range(f.shape[2])] for f in (a, b))
        a_at, b_at = (
            [
                ((r + 0.5) / f.shape[1], (c + 0.5) / f.shape[2])
                for r in range(f.shape[1])
                for c in range(f.shape[2])
            ]
            for f in (a, b)
        )
        centre = torch.stack(b_list).mean(0)
        rows = []
        for p, at in zip(a_list, a_at, strict=True):
            row = []
            for q, other in zip(b_list, b_at, strict=True):
                if distance == "cosine":
                    d = 1 - torch.dot(p - centre, q - centre) / ((p - centre).norm() * (q - centre).norm())
                else:
                    d = (p - q).abs().pow(1 if distance == "l1" else 2).sum()
                row.append(d + spatial_weight * math.dist(at, other))
            distances = torch.stack(row)
            weights = torch.exp((1 - distances / (distances.min() + 1e-5)) / bandwidth)
            rows.append(weights / weights.sum())
        scores.append(-torch.stack(rows).amax(0).mean().log())
    return torch.stack(scores)


@pytest.mark.parametrize("distance", ["l1", "l2", "cosine"])
def test_gradient(distance: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contextual, "_TILE", 30)
    generator = torch.Generator().manual_seed(2)
    x = torch.rand(2, 3, 3, 4, dtype=torch.float64, generator=generator, requires_grad=True)
    y = torch.rand(2, 3, 5, 2, dtype=torch.float64, generator=generator, requires_grad=True)
    assert torch.autograd.gradcheck(
        lambda x, y: contextual_distance(x, y, distance=distance, spatial_weight=0.1),  # type: ignore[arg-type]
        (x, y),
    )
    given = torch.rand(2, dtype=torch.float64, generator=generator)
    ours = torch.autograd.grad(contextual_distance(x, y, distance=distance) @ given, (x, y))  # type: ignore[arg-type]
    theirs = torch.autograd.grad(dense(x, y, 0.5, distance, 0) @ given, (x, y))
    for found, expected in zip(ours, theirs, strict=True):
        assert torch.allclose(found, expected, rtol=1e-9, atol=1e-12)


def test_what_does_not_compare_is_refused() -> None:
    x = torch.rand(1, 4, 3, 3)
    with pytest.raises(ShapeError, match="equal N and C"):
        contextual_distance(x, torch.rand(1, 5, 3, 3))
    with pytest.raises(UsageError, match="distance is 'l3'"):
        contextual_distance(x, x, distance="l3")  # type: ignore[arg-type]


@pytest.mark.parametrize("bandwidth", [0, -1, True, "wide", math.inf])
def test_impossible_bandwidth_is_refused(bandwidth: object) -> None:
    with pytest.raises(UsageError, match="number above 0"):
        contextual_distance(torch.rand(1, 4, 3, 3), torch.rand(1, 4, 3, 3), bandwidth=bandwidth)  # type: ignore[arg-type]
