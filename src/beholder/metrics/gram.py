"""Style distance: difference of Gram matrices."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from beholder.backbones.choice import choose
from beholder.backbones.sizes import smallest_square
from beholder.ops.shapes import check_pair
from beholder.ops.strips import in_strips
from beholder.spec import MetricSpec

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from beholder.backbones import WeightFile

__all__ = ["DEFAULT_LAYERS", "Gram", "gram_distance"]

DEFAULT_LAYERS = "relu1_2+relu2_2+relu3_3+relu4_3"
"""The paper's layers of VGG-16."""

_MIN_SIZE = 8  # three poolings stand before the last of the default layers
_STRIP = 2**24  # numbers of features


def gram_distance(x: Tensor, y: Tensor) -> Tensor:
    r"""Squared Frobenius norm of the difference of the Gram matrices of two feature maps.

    .. math:: \|G(x) - G(y)\|_F^2, \qquad G(x)_{cd} = \frac{1}{C H W} \sum_{hw} x_{chw} x_{dhw}

    With D = x - y and S = x + y as matrices of channels by places, the difference is
    :math:`(D S^T + S D^T) / 2 C H W`: one product of matrices instead of two, and no digits are lost where the
    pictures are nearly alike. Feature maps of different sizes take the two products.

    Args:
        x: Features, shape (N, C, H, W).
        y: Features, shape (N, C, H', W').

    Returns:
        Shape (N,), at least 0.
    """
    if x.shape[1:] != y.shape[1:]:
        return (_gram_matrix(x) - _gram_matrix(y)).square().sum((1, 2))
    products = [
        (a - b).flatten(2) @ (a + b).flatten(2).transpose(1, 2)
        for a, b in in_strips(x, y, dim=2, numbers=_STRIP)
    ]
    product = torch.stack(products).sum(0) / x[0].numel()
    return ((product + product.transpose(1, 2)) / 2).square().sum((1, 2))


def _gram_matrix(x: Tensor) -> Tensor:
    flat = x.flatten(2)
    return flat @ flat.mT / x[0].numel()


class Gram(nn.Module):
    r"""Style distance: how far the correlations of features differ, wherever the features stand.

    The squared Frobenius norm of the difference of the Gram matrices, each divided once by C H W, summed over
    layers.

    Args:
        layers: The layers: a list, or their names joined by ``+``. By default the paper's.
        backbone: A network of torchvision or timm, as `beholder.backbones.Backbone` takes it.
        weights: A file to take the network's weights from; by default the cache.

    Raises:
        UsageError: If an option is unknown.
        WeightsError: If weights are missing or damaged.

    References:
        Johnson et al., "Perceptual Losses for Real-Time Style Transfer and Super-Resolution", ECCV 2016,
        arXiv:1603.08155, equations 3 and 4; first Gatys et al., CVPR 2016, doi:10.1109/CVPR.2016.265.
    """

    traceable = True

    def __init__(
        self,
        layers: str | Sequence[str] = DEFAULT_LAYERS,
        *,
        backbone: str = "vgg16",
        weights: str | Path | None = None,
    ) -> None:
        super().__init__()
        spec = self.describe(layers, backbone=backbone, weights=weights)
        self.backbone = choose(backbone, layers, weights).build()
        self.weights: tuple[WeightFile, ...] = (self.backbone.weights,)
        self.spec = dataclasses.replace(spec, min_size=smallest_square(self.backbone.trunk) or 1)

    @staticmethod
    def describe(
        layers: str | Sequence[str] = DEFAULT_LAYERS,
        *,
        backbone: str = "vgg16",
        weights: str | Path | None = None,
    ) -> MetricSpec:
        """The specification with these options; other layers' smallest size is known once they are built."""
        choice = choose(backbone, layers, weights)
        return MetricSpec(
            name="gram",
            title=f"Difference of the Gram matrices of {backbone} features: style",
            direction="lower",
            best=0.0,
            range=(0.0, float("inf")),
            unit="1",
            differentiable=True,
            symmetric=True,
            min_size=_MIN_SIZE,
            paper="Johnson et al., ECCV 2016, arXiv:1603.08155",
            weights=choice.cards,
        )

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Score (N, 3, H, W) pairs: shape (N,), at least 0."""
        check_pair(x, y, min_size=self.spec.min_size)
        walk_y = self.backbone.walk(y)
        distances = []
        for _, features_x in self.backbone.walk(x):
            _, features_y = next(walk_y)
            distances.append(gram_distance(features_x, features_y))
        return torch.stack(distances).sum(0)
