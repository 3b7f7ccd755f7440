"""Contextual loss: layers, sizes, places, samples. The formula itself is tested with `beholder.ops.contextual`."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from beholder.backbones import Backbone
from beholder.data.photos import PHOTOS
from beholder.losses import contextual
from beholder.losses.contextual_loss import ContextualLoss
from beholder.spec import ShapeError, UsageError


@pytest.fixture(scope="module")
def photos() -> Tensor:
    return torch.stack([photo.detail(64) for photo in PHOTOS[:3]])


def test_layers_are_weighed_and_added(photos: Tensor) -> None:
    x, y = photos[:2], photos[1:]
    features = Backbone("vgg16", ["relu2_2", "relu3_2"])
    expected = sum(
        weight * contextual(features(x)[layer], features(y)[layer], bandwidth=0.1)
        for layer, weight in (("relu2_2", 0.5), ("relu3_2", 2.0))
    )
    loss = ContextualLoss("relu2_2+relu3_2", bandwidth=0.1, layer_weights="0.5+2")
    assert isinstance(expected, Tensor)
    assert torch.allclose(loss.per_image(x, y), expected)
    assert loss(x, y).item() == pytest.approx(expected.mean().item())


def test_sizes_may_differ(photos: Tensor) -> None:
    loss = ContextualLoss("relu3_2")
    x = photos[:1, :, :48, :40].clone().requires_grad_()
    loss(x, photos[:1]).backward()
    assert x.grad is not None
    assert x.grad.isfinite().all()
    with pytest.raises(ShapeError, match="expected as many, one target for each"):
        loss(x, photos)


def test_moved_things_are_found_unless_places_count(photos: Tensor) -> None:
    y = photos[:1]
    moved = y.roll((16, 16), (2, 3))
    anywhere, bound = (ContextualLoss("relu3_2", spatial_weight=weight) for weight in (0.0, 1.0))
    other = photos[1:2]
    assert anywhere(moved, y) < 0.5 * anywhere(other, y)
    assert bound(moved, y) > 1.5 * anywhere(moved, y)


def test_a_sample_is_drawn_anew_and_repeats_with_the_seed(photos: Tensor) -> None:
    loss = ContextualLoss("relu2_2", sample=100, spatial_weight=0.1)
    torch.manual_seed(0)
    first, second = (loss(photos[:1], photos[1:2]).item() for _ in range(2))
    assert first != second
    torch.manual_seed(0)
    assert loss(photos[:1], photos[1:2]).item() == first
    # The same places of both where the sizes agree: equal pictures stay equal.
    assert loss(photos[:1], photos[:1]).item() == pytest.approx(0, abs=1e-5)
    # A sample of all places is the whole.
    whole, all_drawn = ContextualLoss("relu2_2"), ContextualLoss("relu2_2", sample=10**6)
    assert all_drawn(photos[:1], photos[1:2]).item() == pytest.approx(
        whole(photos[:1], photos[1:2]).item(), rel=1e-5
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"bandwidth": 0}, "number above 0"),
        ({"distance": "l3"}, "distance is 'l3'"),
        ({"spatial_weight": -1}, "spatial_weight is -1; expected a number of at least 0"),
        ({"sample": 1}, "sample is 1; expected a number of places"),
        ({"layers": "relu9_9"}, "vgg16 has no layer"),
        ({"layer_weights": "1"}, "expected 2 numbers of at least 0"),
    ],
)
def test_impossible_options_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        ContextualLoss(**options)  # type: ignore[arg-type]
