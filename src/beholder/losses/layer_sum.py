"""A distance of features, summed over the layers of a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from beholder.ops.shapes import check_images
from beholder.spec import ShapeError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from beholder.backbones import Backbone

__all__ = ["check_any_size", "sum_over_layers"]


def sum_over_layers(
    backbone: Backbone,
    weights: Sequence[float],
    x: Tensor,
    y: Tensor,
    distance: Callable[[str, Tensor, Tensor], Tensor],
) -> Tensor:
    """Weighted sum of a distance between the features of two pictures, layer by layer.

    Args:
        backbone: The network.
        weights: What each of its layers weighs.
        x: Pictures, shape (N, 3, H, W).
        y: Pictures, shape (N, 3, H', W').
        distance: Takes a layer's name and the features of both, and gives shape (N,).

    Returns:
        Shape (N,).

    Raises:
        ShapeError: If the network does not take a picture.
    """
    weight = dict(zip(backbone.layers, weights, strict=True))
    walk_y = backbone.walk(y)
    distances = []
    for layer, features_x in backbone.walk(x):
        _, features_y = next(walk_y)
        distances.append(weight[layer] * distance(layer, features_x, features_y))
    return torch.stack(distances).sum(0)


def check_any_size(x: Tensor, y: Tensor) -> None:
    """Refuse what is not two batches, of as many pictures each; their sizes may differ.

    Raises:
        ShapeError: If either is no batch of pictures, or their numbers, types or devices differ.
    """
    check_images(x, name="x")
    check_images(y, name="y")
    if len(x) != len(y):
        raise ShapeError(f"x has {len(x)} pictures and y {len(y)}; expected as many, one target for each.")
    if x.dtype != y.dtype or x.device != y.device:
        raise ShapeError(
            f"x is {x.dtype} on {x.device} and y {y.dtype} on {y.device}; expected the same for both."
        )
