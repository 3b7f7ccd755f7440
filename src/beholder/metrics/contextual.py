"""Contextual distance: features compared by likeness, not by place."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

from torch import Tensor, nn

from beholder.backbones.choice import choose
from beholder.backbones.sizes import feature_shapes, smallest_square
from beholder.ops.contextual import check_options, contextual_distance
from beholder.ops.shapes import check_pair
from beholder.spec import MetricSpec

if TYPE_CHECKING:
    from pathlib import Path

    from beholder.backbones import Backbone, WeightFile

__all__ = ["Contextual"]

_MIN_SIZE = 16  # three poolings stand before the default layer, and one place alone has no context


class Contextual(nn.Module):
    """Contextual distance between the features of one layer of a pretrained network.

    Args:
        layer: The layer. By default the paper's deeper one for style transfer; the time grows with the square of
            its number of places.
        bandwidth: The bandwidth h, above 0.
        backbone: A network of torchvision or timm, as `beholder.backbones.Backbone` takes it.
        weights: A file to take the network's weights from; by default the cache.

    Raises:
        UsageError: If an option is unknown or impossible.
        WeightsError: If weights are missing or damaged.

    References:
        Mechrez et al., "The Contextual Loss for Image Transformation with Non-Aligned Data", ECCV 2018,
        arXiv:1803.02077, on VGG-19 there.
    """

    def __init__(
        self,
        layer: str = "relu4_2",
        *,
        bandwidth: float = 0.5,
        backbone: str = "vgg16",
        weights: str | Path | None = None,
    ) -> None:
        super().__init__()
        spec = self.describe(layer, bandwidth=bandwidth, backbone=backbone, weights=weights)
        self.backbone = choose(backbone, layer, weights).build()
        self.weights: tuple[WeightFile, ...] = (self.backbone.weights,)
        self.bandwidth = bandwidth
        self.spec = dataclasses.replace(spec, min_size=_smallest_with_context(self.backbone))

    @staticmethod
    def describe(
        layer: str = "relu4_2",
        *,
        bandwidth: float = 0.5,
        backbone: str = "vgg16",
        weights: str | Path | None = None,
    ) -> MetricSpec:
        """The specification with these options; another layer's smallest size is known once it is built."""
        choice = choose(backbone, layer, weights)
        check_options(bandwidth=bandwidth)
        return MetricSpec(
            name="contextual",
            title=f"How few of the {backbone} features find their like anywhere in the other picture",
            direction="lower",
            best=0.0,
            range=(0.0, math.inf),
            unit="1",
            differentiable=True,
            symmetric=False,
            min_size=_MIN_SIZE,
            paper="Mechrez et al., ECCV 2018, arXiv:1803.02077",
            weights=choice.cards,
        )

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Score (N, 3, H, W) pairs: shape (N,), at least 0."""
        check_pair(x, y, min_size=self.spec.min_size)
        (features_x,), (features_y,) = (self.backbone(picture).values() for picture in (x, y))
        return contextual_distance(features_x, features_y, bandwidth=self.bandwidth)


def _smallest_with_context(backbone: Backbone) -> int:
    """Side of the smallest square whose features are 2x2 places or more."""
    side = smallest_square(backbone.trunk) or 1
    while min(feature_shapes(backbone.trunk, side, side)[backbone.layers[0]][2:]) < 2:
        side += 1
    return side
