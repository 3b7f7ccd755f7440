"""Contextual distance: features compared by likeness, not by place."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from beholder.backbones.choice import choose
from beholder.backbones.sizes import feature_shapes, smallest_square
from beholder.ops.shapes import check_pair
from beholder.spec import MetricSpec, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from beholder.backbones import Backbone, WeightFile

__all__ = ["Contextual", "contextual_distance"]

_MIN_SIZE = 16  # three poolings stand before the default layer, and one place alone has no context
_EPS = 1e-5
_TILE = 2**20  # numbers of the matrix of distances held at once


def contextual_distance(x: Tensor, y: Tensor, *, bandwidth: float = 0.5) -> Tensor:
    r"""Contextual distance between feature maps, each place a feature.

    From both the mean of y over its places is subtracted. Then

    .. math::
        d_{ij} = 1 - \cos(x_i, y_j), \qquad
        \tilde d_{ij} = \frac{d_{ij}}{\min_k d_{ik} + 10^{-5}}, \qquad
        CX_{ij} = \frac{e^{(1 - \tilde d_{ij}) / h}}{\sum_k e^{(1 - \tilde d_{ik}) / h}}, \qquad
        -\log \frac{1}{N} \sum_j \max_i CX_{ij}

    in logarithms throughout, so that nothing overflows, and for some rows i of the matrix at a time: memory grows
    with the number N of places, not with its square. Nothing of the matrix is kept for the way back; each group of
    rows is computed again.

    Args:
        x: Features, shape (N, C, H, W).
        y: Features, same shape.
        bandwidth: The bandwidth h, above 0.

    Returns:
        Shape (N,), from 0 to log(H W).
    """
    centre = y.mean((2, 3), keepdim=True)
    directions_x, directions_y = (_directions(features - centre) for features in (x, y))
    return torch.stack([_compare(a, b, bandwidth) for a, b in zip(directions_x, directions_y, strict=True)])


def _directions(features: Tensor) -> Tensor:
    """Each place's feature at unit length, shape (N, H W, C); torch's norm has gradient 0 at 0."""
    flat = features.flatten(2).mT
    length: Tensor = torch.linalg.vector_norm(flat, dim=2, keepdim=True)
    return flat / length.clamp_min(torch.finfo(flat.dtype).tiny)


def _compare(x: Tensor, y: Tensor, bandwidth: float) -> Tensor:
    best: Tensor | None = None
    tiles = torch.split(x, max(1, _TILE // len(y)))
    for tile in tiles:
        if len(tiles) > 1 and torch.is_grad_enabled():
            found: Tensor = checkpoint(_best_of_rows, tile, y, bandwidth, use_reentrant=False)
        else:
            found = _best_of_rows(tile, y, bandwidth)
        best = found if best is None else torch.maximum(best, found)
    return math.log(len(y)) - torch.logsumexp(torch.as_tensor(best), 0)


def _best_of_rows(x: Tensor, y: Tensor, bandwidth: float) -> Tensor:
    """For each j the greatest log CX_ij of these rows i, shape (places of y,)."""
    distances = (1 - x @ y.mT).clamp_min(0)
    relative = distances / (distances.amin(1, keepdim=True) + _EPS)
    # the constant 1 / h falls out of the quotient
    return torch.log_softmax(relative / -bandwidth, 1).amax(0)


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
        if (
            isinstance(bandwidth, bool)
            or not isinstance(bandwidth, int | float)
            or not 0 < bandwidth < math.inf
        ):
            raise UsageError(f"bandwidth is {bandwidth!r}; expected a number above 0, such as 0.5.")
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
