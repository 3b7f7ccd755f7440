"""Content distance: mean squared difference of features."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from torch import Tensor, nn

from beholder.backbones.choice import choose
from beholder.backbones.sizes import smallest_square
from beholder.ops.shapes import check_pair
from beholder.spec import MetricSpec

if TYPE_CHECKING:
    from pathlib import Path

    from beholder.backbones import WeightFile

__all__ = ["Content", "content_map"]

_MIN_SIZE = 4  # two poolings stand before the default layer


def content_map(x: Tensor, y: Tensor) -> Tensor:
    r"""Squared difference of features at every place, mean over the channels.

    .. math:: \frac{1}{C} \sum_c (x_c - y_c)^2

    Args:
        x: Features, shape (N, C, H, W).
        y: Features, same shape.

    Returns:
        Shape (N, 1, H, W), at least 0.
    """
    return (x - y).square().mean(1, keepdim=True)


class Content(nn.Module):
    r"""Content distance: mean squared difference of the features of one layer of a pretrained network.

    .. math:: \frac{1}{C H W} \sum_{chw} (\phi(x)_{chw} - \phi(y)_{chw})^2

    Args:
        layer: The layer. By default ``"relu3_3"``, the paper's for style transfer; ``"relu2_2"`` is its choice for
            super-resolution.
        backbone: A network of torchvision or timm, as `beholder.backbones.Backbone` takes it.
        weights: A file to take the network's weights from; by default the cache.

    Raises:
        UsageError: If an option is unknown.
        WeightsError: If weights are missing or damaged.

    References:
        Johnson et al., "Perceptual Losses for Real-Time Style Transfer and Super-Resolution", ECCV 2016,
        arXiv:1603.08155, equation 2, there with the square of the norm.
    """

    traceable = True

    def __init__(
        self, layer: str = "relu3_3", *, backbone: str = "vgg16", weights: str | Path | None = None
    ) -> None:
        super().__init__()
        spec = self.describe(layer, backbone=backbone, weights=weights)
        self.backbone = choose(backbone, layer, weights).build()
        self.weights: tuple[WeightFile, ...] = (self.backbone.weights,)
        self.spec = dataclasses.replace(spec, min_size=smallest_square(self.backbone.trunk) or 1)

    @staticmethod
    def describe(
        layer: str = "relu3_3", *, backbone: str = "vgg16", weights: str | Path | None = None
    ) -> MetricSpec:
        """The specification with these options; another layer's smallest size is known once it is built."""
        choice = choose(backbone, layer, weights)
        return MetricSpec(
            name="content",
            title=f"Mean squared difference of {backbone} features",
            direction="lower",
            best=0.0,
            range=(0.0, float("inf")),
            unit="1",
            differentiable=True,
            symmetric=True,
            min_size=_MIN_SIZE,
            paper="Johnson et al., ECCV 2016, arXiv:1603.08155",
            map_range=(0.0, 20.0),
            weights=choice.cards,
        )

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Score (N, 3, H, W) pairs: shape (N,), at least 0."""
        return self.score_and_map(x, y)[0]

    def score_and_map(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Scores, shape (N,), and the squared difference at every place of the layer, shape (N, 1, h, w)."""
        check_pair(x, y, min_size=self.spec.min_size)
        (features_x,), (features_y,) = (self.backbone(picture).values() for picture in (x, y))
        differences = content_map(features_x, features_y)
        return differences.flatten(1).mean(1), differences
