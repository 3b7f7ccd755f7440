"""Style distance against its definition, one matrix at a time."""

import pytest
import torch
from torch import Tensor

from beholder.backbones import Backbone
from beholder.catalog import create_metric
from beholder.metrics import gram
from beholder.metrics.gram import gram_distance


def gram_matrix(features: Tensor) -> Tensor:
    flat = features.flatten(2)
    return flat @ flat.mT / features[0].numel()


def test_by_hand() -> None:
    x, y = torch.tensor([1.0, 2, 3, 4]).view(1, 2, 1, 2), torch.tensor([1.0, 0, 0, 1]).view(1, 2, 1, 2)
    # Gram matrices [[5, 11], [11, 25]] and [[1, 0], [0, 1]], over 4.
    assert gram_distance(x, y).item() == pytest.approx((16 + 2 * 121 + 576) / 16)


def test_by_the_paper(photos: Tensor) -> None:
    photos = photos[:2, :, :96, :96]
    x, y = photos.flip(0).double(), photos.double()
    layers = ("relu1_2", "relu2_2", "relu3_3", "relu4_3")
    backbone = Backbone("vgg16", layers).double()
    features_x, features_y = backbone(x), backbone(y)
    expected = sum(
        (gram_matrix(features_x[layer]) - gram_matrix(features_y[layer])).square().sum((1, 2))
        for layer in layers
    )
    found = create_metric("gram")(photos.flip(0), photos)
    assert torch.allclose(found.double(), torch.as_tensor(expected), rtol=1e-5)


def test_strips_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = torch.rand(2, 2, 3, 11, 7, dtype=torch.float64)
    whole = gram_distance(x, y)
    monkeypatch.setattr(gram, "_STRIP", 84)  # two rows of both pictures
    assert torch.allclose(gram_distance(x, y), whole, rtol=1e-12)


def test_style_does_not_see_places(photos: Tensor) -> None:
    style, content = create_metric("gram"), create_metric("content")
    photos = photos[..., :96, :96]
    moved, blurred = photos.roll(48, 3), torch.nn.functional.avg_pool2d(photos, 5, 1, 2)
    assert (style(moved, photos) < style(blurred, photos)).all()
    assert (content(moved, photos) > content(blurred, photos)).all()


def test_layers_are_an_option(photos: Tensor) -> None:
    x, y = photos.flip(0), photos
    joined = create_metric("gram:layers=relu1+relu2:backbone=alexnet")
    listed = create_metric("gram", layers=["relu1", "relu2"], backbone="alexnet")
    assert torch.equal(joined(x, y), listed(x, y))
    assert joined.spec.min_size == 15
