"""Content distance: its definition, its options, and what they refuse."""

import pytest
import torch
from torch import Tensor

from beholder.backbones import Backbone
from beholder.catalog import create_metric, describe_metric
from beholder.metrics.content import content_map
from beholder.spec import UsageError


def test_by_hand() -> None:
    x, y = torch.tensor([1.0, 2, 3, 4]).view(1, 2, 1, 2), torch.zeros(1, 2, 1, 2)
    assert content_map(x, y).flatten().tolist() == [(1 + 9) / 2, (4 + 16) / 2]


def test_layer_and_backbone_are_options(photos: Tensor) -> None:
    x, y = photos.flip(3), photos
    backbone = Backbone("alexnet", ["relu2"])
    expected = (backbone(x)["relu2"] - backbone(y)["relu2"]).square().mean((1, 2, 3))
    metric = create_metric("content:layer=relu2:backbone=alexnet")
    assert torch.allclose(metric(x, y), expected)
    assert metric.spec.weights == ("alexnet",)
    assert metric.spec.min_size == 15
    assert create_metric("content").spec == describe_metric("content")


def test_paper_layer_for_super_resolution_is_less_deep(photos: Tensor) -> None:
    assert create_metric("content:layer=relu2_2").spec.min_size == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layer": "relu9"}, "no layer 'relu9'"),
        ({"layer": 3}, "names joined by"),
        ({"backbone": 1}, "name of a network"),
        ({"backbone": "vgg61"}, "no classifier 'vgg61'"),
        ({"weights": 1}, "path of a weight file"),
    ],
)
def test_impossible_options_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        create_metric("content", **options)
