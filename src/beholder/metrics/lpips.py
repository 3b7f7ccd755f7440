"""Learned perceptual image patch similarity (LPIPS)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from beholder.backbones import Backbone, WeightFile, door
from beholder.backbones.backbone import IMAGENET_MEAN, IMAGENET_STD
from beholder.backbones.stages import CHAIN_STAGES
from beholder.backbones.tiles import Tile, cut_into_tiles, join_tiles
from beholder.ops.shapes import check_pair
from beholder.ops.strips import in_strips
from beholder.spec import MetricSpec, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["LPIPS", "FeatureDistance", "draw_layers", "layer_distance", "sum_layers", "unit_length"]

Network = Literal["alex", "vgg", "squeeze"]


class _Trunk(NamedTuple):
    network: str
    min_size: int


_TRUNKS = {"alex": _Trunk("alexnet", 31), "vgg": _Trunk("vgg16", 16), "squeeze": _Trunk("squeezenet1_1", 17)}
_VERSIONS = ("0.1", "0.0")
_EPS = 1e-10
_STRIP = 2**17  # numbers of features


def layer_distance(x: Tensor, y: Tensor, weight: Tensor | None = None) -> Tensor:
    r"""Distance at every place between two feature maps, each scaled to unit length along its channels.

    .. math:: \sum_c w_c \left(\frac{x_c}{\|x\| + \epsilon} - \frac{y_c}{\|y\| + \epsilon}\right)^2,
        \qquad \epsilon = 10^{-10}

    Args:
        x: Features, shape (N, C, H, W).
        y: Features, same shape.
        weight: Weight of each channel, at least 0, shape (C,); all 1 when ``None``.

    Returns:
        Shape (N, 1, H, W), at least 0.
    """
    strips = in_strips(x, y, dim=2, numbers=_STRIP)
    return torch.cat([_strip_distance(strip_x, strip_y, weight) for strip_x, strip_y in strips], 2)


def _strip_distance(x: Tensor, y: Tensor, weight: Tensor | None) -> Tensor:
    # Not addcmul, which rounds one product and not the other: equal features would not be 0 apart.
    if y.stride(0) == 0 and not y.requires_grad:
        y = y[:1]  # a reference's, repeated for its versions
    squared = (unit_length(x) - unit_length(y)).square()
    if weight is None:
        return squared.sum(1, keepdim=True)
    return (squared * weight[:, None, None]).sum(1, keepdim=True)


def unit_length(features: Tensor) -> Tensor:
    """Features (N, C, H, W), at every place scaled to length 1 along the channels; those of length 0 stay."""
    # torch's norm, unlike the root of a sum of squares, has gradient 0 at 0.
    length: Tensor = torch.linalg.vector_norm(features, dim=1, keepdim=True)
    return features * (length + _EPS).reciprocal()


def sum_layers(distances: Sequence[Tensor]) -> Tensor:
    """Scores, shape (N,): each layer's mean over the picture, (N, 1, h, w), added."""
    return torch.stack([distance.flatten(1).mean(1) for distance in distances]).sum(0)


def draw_layers(distances: Sequence[Tensor], size: Sequence[int]) -> Tensor:
    """Each pixel's part in the score, shape (N, 1, *size): the layers' maps enlarged and added."""
    maps = [
        functional.interpolate(distance, tuple(size), mode="bilinear", align_corners=False)
        for distance in distances
    ]
    return torch.stack(maps).sum(0)


class FeatureDistance(nn.Module):
    """`sum_layers` of the `layer_distance` of a network's features; pictures of many megapixels go in tiles.

    Args:
        backbone: The network and its layers.
        channel_weights: Of each layer, the weight of each channel, shape (C,); all 1 when ``None``.
        files: Where the weights come from; by default the network's file.
        channels_last: Layers whose features stand as (N, H, W, C).
    """

    spec: MetricSpec
    traceable = True

    def __init__(
        self,
        backbone: Backbone,
        channel_weights: Sequence[Tensor] | None = None,
        *,
        files: tuple[WeightFile, ...] | None = None,
        channels_last: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.weights: tuple[WeightFile, ...] = (backbone.weights,) if files is None else files
        self.channels_last = channels_last
        self._weighted = channel_weights is not None
        for index, weight in enumerate(channel_weights or ()):
            self.register_buffer(f"weight{index}", weight, persistent=False)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Score (N, 3, H, W) pairs: shape (N,), at least 0."""
        return sum_layers(self._distances(x, y))

    def score_and_map(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Scores, shape (N,), and each pixel's part in them, (N, 1, H, W): the layers' maps enlarged and added."""
        distances = self._distances(x, y)
        return sum_layers(distances), draw_layers(distances, x.shape[-2:])

    def _distances(self, x: Tensor, y: Tensor) -> list[Tensor]:
        check_pair(x, y, min_size=self.spec.min_size)
        tiles = cut_into_tiles(self.backbone, x.shape[-2:])
        made = [[self._tile_distances(tile, x, y) for tile in row] for row in tiles]
        return [
            join_tiles([[distances[layer] for distances in row] for row in made])
            for layer in self.backbone.layers
        ]

    def _tile_distances(self, tile: Tile, x: Tensor, y: Tensor) -> dict[str, Tensor]:
        # From both pictures in step, so that neither's features are held for longer than they must be.
        pairs = zip(self.backbone.walk(tile.of(x)), self.backbone.walk(tile.of(y)), strict=True)
        return {
            layer: tile.inner(layer, self._layer_distance(layer, of_x, of_y))
            for (layer, of_x), (_, of_y) in pairs
        }

    def _layer_distance(self, layer: str, x: Tensor, y: Tensor) -> Tensor:
        if layer in self.channels_last:
            x, y = x.movedim(-1, 1), y.movedim(-1, 1)
        index = self.backbone.layers.index(layer)
        return layer_distance(x, y, self.get_buffer(f"weight{index}") if self._weighted else None)


def _lin_card(network: str, version: str) -> str:
    return f"lpips_{network}_lin_v{version}"


class LPIPS(FeatureDistance):
    r"""LPIPS: distance between the features of a pretrained network, weighted to agree with people.

    Args:
        network: ``"alex"``, ``"vgg"`` or ``"squeeze"``.
        version: ``"0.1"``, or ``"0.0"``, whose networks see pictures in [-1, 1] without further scaling.
        lin: Weigh the channels as learned from people; else all weigh 1 (the paper's baseline).
        trunk: A file to take the network's weights from; by default the cache.

    Raises:
        UsageError: If an option is unknown.
        WeightsError: If weights are missing or damaged.

    References:
        Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", CVPR 2018,
        arXiv:1801.03924.
        Deviation from the authors' code: none in the score; the gradient of a length of 0 is 0, not NaN.
    """

    def __init__(
        self,
        network: Network = "alex",
        *,
        version: str = "0.1",
        lin: bool = True,
        trunk: str | Path | None = None,
    ) -> None:
        spec = self.describe(network, version=version, lin=lin, trunk=trunk)
        name = _TRUNKS[network].network
        mean, std = (IMAGENET_MEAN, IMAGENET_STD) if str(version) == "0.1" else ((0.5,) * 3, (0.5,) * 3)
        backbone = Backbone(name, CHAIN_STAGES[name], weights=trunk, mean=mean, std=std)
        if lin:
            tensors, file = door.load(_lin_card(network, version))
            weights = [tensors[f"lin{index}.weight"].flatten() for index in range(len(backbone.layers))]
            super().__init__(backbone, weights, files=(backbone.weights, file))
        else:
            super().__init__(backbone)
        self.spec = spec

    @staticmethod
    def describe(
        network: Network = "alex", *, version: str = "0.1", lin: bool = True, trunk: str | Path | None = None
    ) -> MetricSpec:
        """The specification of the metric with these options."""
        if network not in _TRUNKS:
            raise UsageError(f"network is {network!r}; expected one of {', '.join(_TRUNKS)}.")
        if str(version) not in _VERSIONS:
            raise UsageError(f"version is {version!r}; expected one of {', '.join(_VERSIONS)}.")
        if trunk is not None and not isinstance(trunk, str | Path):
            raise UsageError(f"trunk is {trunk!r}; expected the path of a weight file.")
        if not isinstance(lin, bool):
            raise UsageError(f"lin is {lin!r}; expected true or false.")
        name, min_size = _TRUNKS[network]
        cards = (*(() if trunk else (name,)), *((_lin_card(network, version),) if lin else ()))
        return MetricSpec(
            name=f"lpips_{network}",
            title=f"Distance of {name} features" + (" weighted to agree with people" if lin else ""),
            direction="lower",
            best=0.0,
            range=(0.0, float("inf")),
            unit="1",
            differentiable=True,
            symmetric=True,
            min_size=min_size,
            paper="Zhang et al., CVPR 2018, arXiv:1801.03924",
            map_range=(0.0, 0.6),
            weights=cards,
        )
