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
    photos = photos[:2, :, :96, :96]
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


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_strips_of_rows_are_the_whole_plane(layout: torch.memory_format) -> None:
    x, y = (
        torch.rand(2, 2, 5, 301, 300) * torch.linspace(0.1, 1, 301)[:, None]
    )  # several strips, no two alike
    found = texture_and_structure(x.contiguous(memory_format=layout), y.contiguous(memory_format=layout))
    x, y = x.double().flatten(2), y.double().flatten(2)
    mean_x, mean_y = x.mean(2), y.mean(2)
    variances = [side.var(2, unbiased=False) for side in (x, y, x - y)]
    texture = (mean_x - mean_y).square() / (mean_x.square() + mean_y.square() + 1e-6)
    structure = variances[2] / (variances[0] + variances[1] + 1e-6)
    assert torch.allclose(found[0].double(), texture, rtol=0, atol=1e-8)
    assert torch.allclose(found[1].double(), structure, rtol=1e-5, atol=0)


def test_declared_range_is_the_weights(photos: Tensor) -> None:
    metric, photos = create_metric("dists"), photos[..., :96, :96].contiguous()
    assert isinstance(metric, DISTS)
    assert min(metric.alpha.min(), metric.beta.min()) >= 0
    assert metric.spec.range[1] == pytest.approx(1 + metric.beta.sum().item(), abs=1e-3)
    assert metric(photos, photos.clone()).tolist() == [0, 0, 0]
    assert [file.card for file in metric.weights] == list(metric.spec.weights)
