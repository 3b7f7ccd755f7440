"""DISTS against its definition as the paper writes it."""

import pytest
import torch
from torch import Tensor

from beholder.backbones import Backbone, door
from beholder.catalog import create_metric
from beholder.metrics.dists import DISTS, texture_and_structure

LAYERS = ("relu1_2", "relu2_2", "relu3_3", "relu4_3", "relu5_3")


def similarities(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """l and s of the paper, shape (N, C)."""
    mean_x, mean_y = x.mean((2, 3)), y.mean((2, 3))
    covariance = (x * y).mean((2, 3)) - mean_x * mean_y
    variances = x.var((2, 3), correction=0) + y.var((2, 3), correction=0)
    texture = (2 * mean_x * mean_y + 1e-6) / (mean_x**2 + mean_y**2 + 1e-6)
    return texture, (2 * covariance + 1e-6) / (variances + 1e-6)


def test_by_the_paper(photos: Tensor) -> None:
    x, y = photos.flip(3).double(), photos.double()
    backbone = Backbone("vgg16_l2", LAYERS).double()
    features_x, features_y = backbone(x), backbone(y)
    weights, _ = door.load("dists")
    alpha, beta = (weights[name].double().flatten() for name in ("alpha", "beta"))
    pairs = [(x, y), *((features_x[layer], features_y[layer]) for layer in LAYERS)]
    parts = [similarities(*pair) for pair in pairs]
    texture, structure = (torch.cat([part[kind] for part in parts], 1) for kind in (0, 1))
    expected = 1 - (texture @ alpha + structure @ beta) / (alpha.sum() + beta.sum())
    assert torch.allclose(create_metric("dists")(photos.flip(3), photos).double(), expected, atol=1e-6)


def test_channels_by_hand() -> None:
    x = torch.tensor([0.0, 2.0]).view(1, 1, 1, 2)
    y = torch.tensor([3.0, 1.0]).view(1, 1, 1, 2)
    texture, structure = texture_and_structure(x, y)
    # Means 1 and 2, variances 1 and 1, covariance -1.
    assert texture.item() == pytest.approx(1 - 4 / 5, abs=1e-6)
    assert structure.item() == pytest.approx(1 - -2 / 2, abs=1e-5)


def test_chunks_of_channels_keep_their_order() -> None:
    x, y = torch.rand(2, 2, 5, 300, 300)  # 180,000 numbers a channel: one chunk each
    texture, structure = texture_and_structure(x, y)
    for channel in range(5):
        alone = texture_and_structure(x[:, channel : channel + 1], y[:, channel : channel + 1])
        assert torch.equal(alone[0][:, 0], texture[:, channel])
        assert torch.equal(alone[1][:, 0], structure[:, channel])


def test_declared_range_is_the_weights(photos: Tensor) -> None:
    metric = create_metric("dists")
    assert isinstance(metric, DISTS)
    assert min(metric.alpha.min(), metric.beta.min()) >= 0
    assert metric.spec.range[1] == pytest.approx(1 + metric.beta.sum().item(), abs=1e-3)
    assert metric(photos, photos.clone()).tolist() == [0, 0, 0]
    assert [file.card for file in metric.weights] == list(metric.spec.weights)
