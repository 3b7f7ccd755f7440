"""LPIPS in the making: a network's features, and a weight for each of their channels."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from beholder.metrics.lpips import unit_length

if TYPE_CHECKING:
    from collections.abc import Sequence, Set

    from beholder.backbones import Backbone

__all__ = ["LayeredDistance", "Moments"]

_START = 0.1


class LayeredDistance(nn.Module):
    """Distances of two candidates from a reference, with weights that can be learned, and must be kept at 0 or more.

    All channels begin with the same weight: as the paper's baseline, but for a factor.

    Args:
        backbone: The network, and its layers.
        channels: How many each layer has.
        channels_last: Layers whose features stand as (N, H, W, C).
        dropout: The share of the squared differences that is left out in training, at each place and channel.
    """

    def __init__(
        self, backbone: Backbone, channels: Sequence[int], *, channels_last: Set[str], dropout: float
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.channels_last = channels_last
        self.weights = nn.ParameterList(torch.full((count,), _START) for count in channels)
        self.dropout = dropout

    def forward(self, reference: Tensor, p0: Tensor, p1: Tensor) -> Tensor:
        """Distances of both candidates, shape (N, 2), of pictures (N, 3, H, W) in [0, 1]; the reference is seen once."""
        squares = self._squares(reference, p0, p1)
        layers = [  # not as a matrix product, which would be computed in the network's precision
            (functional.dropout(of_layer, self.dropout, self.training).mean((2, 3)) * weight).sum(1)
            for of_layer, weight in zip(squares, self.weights, strict=True)
        ]
        return _by_candidate(torch.stack(layers).sum(0))

    def of_moments(self, moments: Moments) -> Tensor:
        """The same of what `measure` gave for them, without pictures.

        Weights and the mean over places can change places, so that the mean squared difference of each channel tells all.
        Dropout comes before the mean. What it does to it is drawn from a normal distribution of its mean and variance, and
        never below 0: the sum of a layer's many small independent parts is as good as normal.
        """
        mean, spread = moments
        if self.training and self.dropout:
            noise = torch.randn_like(mean) * (spread * math.sqrt(self.dropout / (1 - self.dropout)))
            mean = (mean + noise).clamp_(min=0)
        return (mean * torch.cat(list(self.weights))).sum(2)

    def measure(self, reference: Tensor, p0: Tensor, p1: Tensor) -> Moments:
        """What `of_moments` takes, of pictures (N, 3, H, W) in [0, 1]; each shape (N, 2, channels of all layers)."""
        means, spreads = [], []
        for squares in self._squares(reference, p0, p1):
            places = squares.shape[2] * squares.shape[3]
            means.append(squares.mean((2, 3)))
            spreads.append((squares.square().mean((2, 3)) / places).sqrt())
        return _by_candidate(torch.cat(means, 1)), _by_candidate(torch.cat(spreads, 1))

    def _squares(self, reference: Tensor, p0: Tensor, p1: Tensor) -> list[Tensor]:
        """Of each layer, first for all p0, then for all p1: (2 N, C, h, w)."""
        found = {}
        for layer, features in self.backbone.walk(torch.cat([reference, p0, p1])):
            maps = (features.movedim(-1, 1) if layer in self.channels_last else features).float()
            of_reference, *candidates = unit_length(maps).chunk(3)
            found[layer] = torch.cat([(each - of_reference).square() for each in candidates])
        return [found[layer] for layer in self.backbone.layers]

    @torch.no_grad()
    def keep_weights_positive(self) -> None:
        """Set what a step brought below 0 to 0."""
        for weight in self.weights:
            weight.clamp_(min=0)


def _by_candidate(both: Tensor) -> Tensor:
    """What stands for all p0, then for all p1, as (N, 2, ...)."""
    return torch.stack(both.chunk(2), 1)


Moments = tuple[Tensor, Tensor]
"""Means and spreads: over all places, the mean of the squared differences, and what half of them left out adds to its
standard deviation."""
