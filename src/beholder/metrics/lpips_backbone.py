"""LPIPS without learned weights, on the features of any network: the paper's baselines."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from beholder.backbones import CARDS, Backbone
from beholder.backbones.chains import CHAINS, Chain
from beholder.backbones.sizes import feature_shapes, smallest_square
from beholder.backbones.stages import CHAIN_STAGES, find_stages, name_some_layers
from beholder.metrics.lpips import FeatureDistance
from beholder.spec import MetricSpec, UsageError, WeightsError

__all__ = ["BackboneLPIPS", "RandomLPIPS", "find_channels_last"]

_STD = 0.01  # Krizhevsky et al., 2012; any other gives the same score


class BackboneLPIPS(FeatureDistance):
    r"""LPIPS on any network, without weights learned from people: every channel of every layer weighs 1.

    .. math:: \sum_l \frac{1}{H_l W_l} \sum_{h, w}
        \left\|\hat{x}^l_{h w} - \hat{y}^l_{h w}\right\|_2^2

    where :math:`\hat{x}^l` are the features of layer :math:`l`, scaled to unit length along their channels.

    Args:
        backbone: A network of torchvision (``"vgg19"``) or timm (``"timm:resnet18"``), as `Backbone` takes it.
        layers: Its layers: a list, or their names joined by ``+``. By default those of
            `beholder.backbones.stages.find_stages`.
        weights: A file to take the network's weights from; by default the cache, where there is a card.

    Raises:
        UsageError: If the network or a layer is unknown or none is named, or a layer's features are no map.
        WeightsError: If weights are missing or damaged.
        MissingPackageError: If timm is asked for and not installed.

    References:
        Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", CVPR 2018,
        arXiv:1801.03924: the baseline that it calls by the network's name alone.
    """

    def __init__(
        self,
        backbone: str | None = None,
        *,
        layers: str | Sequence[str] | None = None,
        weights: str | Path | None = None,
    ) -> None:
        spec = self.describe(backbone, layers=layers, weights=weights)
        if backbone is None:
            raise UsageError(
                "lpips wants a backbone: lpips:vgg19 or lpips:timm:resnet18:weights=FILE. "
                "The metrics with weights learned from people are lpips_alex, lpips_vgg and lpips_squeeze."
            )
        stages = find_stages(backbone)
        named = _split(layers) or stages.layers
        if not named:
            raise UsageError(
                f"lpips:{backbone} wants layers, such as the last before each halving of resolution: "
                f"layers=NAME+NAME. Some of its names: {name_some_layers(backbone)}."
            )
        if weights is None and backbone not in CARDS:
            raise WeightsError(
                f"there is no weight card for {backbone!r}; name a file: lpips:{backbone}:weights=FILE."
            )
        network = Backbone(backbone, named, weights=weights, mean=stages.mean, std=stages.std)
        smallest = smallest_square(network.trunk)
        super().__init__(network, channels_last=find_channels_last(network, smallest))
        self.spec = dataclasses.replace(spec, min_size=smallest or 1)

    @staticmethod
    def describe(
        backbone: str | None = None,
        *,
        layers: str | Sequence[str] | None = None,
        weights: str | Path | None = None,
    ) -> MetricSpec:
        """The specification with these options; its smallest size is known once the network is built."""
        if backbone is not None and not isinstance(backbone, str):
            raise UsageError(f"backbone is {backbone!r}; expected the name of a network, such as vgg19.")
        _split(layers)
        if weights is not None and not isinstance(weights, str | Path):
            raise UsageError(f"weights is {weights!r}; expected the path of a weight file.")
        card = (backbone,) if weights is None and backbone in CARDS else ()
        return _specify(
            "lpips", f"Distance of {backbone or 'any network'} features, all weighing 1", cards=card
        )


class RandomLPIPS(FeatureDistance):
    """LPIPS on an AlexNet of random weights: what its architecture alone is worth.

    Every weight is drawn from a Gaussian of mean 0 and standard deviation 0.01; there are no biases. The
    standard deviation does not matter: without biases it scales features that are then brought to unit length.

    Args:
        seed: Seed of the weights, 0 or more; equal seeds give equal weights on every machine.

    References:
        Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", CVPR 2018,
        arXiv:1801.03924: "Random". The drawn weights are ours: the authors' are not published.
    """

    def __init__(self, seed: int = 0) -> None:
        spec = self.describe(seed)
        super().__init__(Backbone("alexnet", CHAIN_STAGES["alexnet"], weights=_draw_alexnet(seed)))
        drawn = dataclasses.replace(self.backbone.weights, file=f"Gaussian, seed {seed}")
        self.backbone.weights, self.weights = drawn, (drawn,)
        self.spec = spec

    @staticmethod
    def describe(seed: int = 0) -> MetricSpec:
        """The specification of the metric with this seed."""
        if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**32:
            raise UsageError(f"seed is {seed!r}; expected a whole number from 0 to {2**32 - 1}.")
        return _specify("lpips_random", "Distance of features of an AlexNet with random weights", min_size=31)


def _draw_alexnet(seed: int) -> dict[str, Tensor]:
    with torch.device("meta"):
        state = Chain(CHAINS["alexnet"](), CHAIN_STAGES["alexnet"]).state_dict()
    # The stream of RandomState, unlike torch's and Generator's, is promised never to change.
    source = np.random.RandomState(seed)
    return {
        name: torch.zeros(tensor.shape)
        if name.endswith(".bias")
        else torch.from_numpy(source.normal(0, _STD, tuple(tensor.shape))).float()
        for name, tensor in state.items()
    }


def _specify(name: str, title: str, *, min_size: int = 1, cards: tuple[str, ...] = ()) -> MetricSpec:
    return MetricSpec(
        name=name,
        title=title,
        direction="lower",
        best=0.0,
        range=(0.0, float("inf")),
        unit="1",
        differentiable=True,
        symmetric=True,
        min_size=min_size,
        paper="Zhang et al., CVPR 2018, arXiv:1801.03924",
        map_range=(0.0, 2.0),
        weights=cards,
    )


def _split(layers: str | Sequence[str] | None) -> tuple[str, ...]:
    if layers is None:
        return ()
    names = tuple(layers.split("+")) if isinstance(layers, str) else layers
    if (
        not isinstance(names, Sequence)
        or not names
        or not all(isinstance(name, str) and name for name in names)
    ):
        raise UsageError(f"layers is {layers!r}; expected names joined by '+', such as layer1+layer2.")
    return tuple(names)


def find_channels_last(backbone: Backbone, side: int | None) -> frozenset[str]:
    """Layers whose features stand as (N, H, W, C), found on a square picture of that side.

    Raises:
        UsageError: If features are neither that nor (N, C, H, W).
    """
    try:
        shapes = feature_shapes(backbone.trunk, side, side) if side else {}
    except NotImplementedError:
        return frozenset()
    last = set()
    for layer, shape in shapes.items():
        if len(shape) == 4 and shape[2] == shape[3]:
            continue
        if len(shape) != 4 or shape[1] != shape[2]:
            raise UsageError(
                f"{layer} of {backbone.network!r} gives features of shape {shape}; expected a map, "
                "(N, C, H, W) or (N, H, W, C). Name other layers."
            )
        last.add(layer)
    return frozenset(last)
