"""AlexNet, VGG and SqueezeNet, and kin with other pooling: networks whose features are a plain chain of layers.

They are built here, from the numbers in their papers, because importing torchvision takes 0.9 s of the 2.3 s that
`beholder score` needed to start, and these are the ones that metrics use. Parameters are named as torchvision
names them, so that its weight files fit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from beholder.backbones.pooling import BlurPool, L2Pool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["CHAINS", "TRAINED_AS", "Chain"]

Layers = dict[str, nn.Module]


class Chain(nn.Module):
    """The first layers of a chain, up to the last one asked for.

    Args:
        layers: All layers of the network's features, by the field's names, in order.
        wanted: Names of the layers to return.
    """

    def __init__(self, layers: Layers, wanted: Sequence[str]) -> None:
        super().__init__()
        names = list(layers)
        end = 1 + max(names.index(name) for name in wanted)
        self.names = names[:end]
        self.wanted = tuple(wanted)
        self.features = nn.Sequential(*list(layers.values())[:end])
        for before, module in zip(self.names, list(self.features)[1:], strict=False):
            if isinstance(module, nn.ReLU):
                module.inplace = before not in wanted  # what is returned must not be overwritten

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """Features of each wanted layer, by name, for normalised images of shape (N, 3, H, W)."""
        found = dict(self.walk(x))
        return {name: found[name] for name in self.wanted}

    def walk(self, x: Tensor) -> Iterator[tuple[str, Tensor]]:
        """The wanted layers' names and features, in the network's order, each as soon as it is computed."""
        for name, module in zip(self.names, self.features, strict=True):
            x = module(x)
            if name in self.wanted:
                yield name, x


class Fire(nn.Module):
    """SqueezeNet's module: a squeeze to few channels, then 1x1 and 3x3 expansions side by side."""

    def __init__(self, channels: int, squeezed: int, expanded: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(channels, squeezed, 1)
        self.expand1x1 = nn.Conv2d(squeezed, expanded, 1)
        self.expand3x3 = nn.Conv2d(squeezed, expanded, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Shape (N, channels, H, W) to (N, 2 * expanded, H, W)."""
        x = self.squeeze(x).relu()
        return torch.cat([self.expand1x1(x).relu(), self.expand3x3(x).relu()], 1)


def _alexnet() -> Layers:
    return {
        "conv1": nn.Conv2d(3, 64, 11, stride=4, padding=2),
        "relu1": nn.ReLU(),
        "pool1": nn.MaxPool2d(3, 2),
        "conv2": nn.Conv2d(64, 192, 5, padding=2),
        "relu2": nn.ReLU(),
        "pool2": nn.MaxPool2d(3, 2),
        "conv3": nn.Conv2d(192, 384, 3, padding=1),
        "relu3": nn.ReLU(),
        "conv4": nn.Conv2d(384, 256, 3, padding=1),
        "relu4": nn.ReLU(),
        "conv5": nn.Conv2d(256, 256, 3, padding=1),
        "relu5": nn.ReLU(),
        "pool5": nn.MaxPool2d(3, 2),
    }


def _vgg(convolutions: Sequence[int]) -> Layers:
    layers: Layers = {}
    channels = 3
    widths = (64, 128, 256, 512, 512)
    for block, (width, count) in enumerate(zip(widths, convolutions, strict=True), start=1):
        for place in range(1, count + 1):
            layers[f"conv{block}_{place}"] = nn.Conv2d(channels, width, 3, padding=1)
            layers[f"relu{block}_{place}"] = nn.ReLU()
            channels = width
        layers[f"pool{block}"] = nn.MaxPool2d(2, 2)
    return layers


def _vgg16_l2() -> Layers:
    layers = _vgg((2, 2, 3, 3, 3))
    return {name: L2Pool() if name.startswith("pool") else layer for name, layer in layers.items()}


def _shift_tolerant_alexnet() -> Layers:
    blurred: Layers = {}
    for name, layer in _alexnet().items():
        if name == "conv1":
            blurred |= {name: nn.Conv2d(3, 64, 11, padding=2), "blur1": BlurPool()}
        elif name.startswith("pool"):
            blurred |= {f"max_{name}": nn.MaxPool2d(3, 1), name: BlurPool()}
        else:
            blurred[name] = layer
    return blurred


def _shift_tolerant_vgg16() -> Layers:
    blurred: Layers = {}
    for name, layer in _vgg((2, 2, 3, 3, 3)).items():
        if name.startswith("pool"):
            blurred |= {f"max_{name}": nn.MaxPool2d(2, 1), name: BlurPool()}
        else:
            blurred[name] = layer
    return blurred


def _squeezenet() -> Layers:
    def pool() -> nn.Module:
        return nn.MaxPool2d(3, 2, ceil_mode=True)

    return {
        "conv1": nn.Conv2d(3, 64, 3, stride=2),
        "relu1": nn.ReLU(),
        "pool1": pool(),
        "fire2": Fire(64, 16, 64),
        "fire3": Fire(128, 16, 64),
        "pool3": pool(),
        "fire4": Fire(128, 32, 128),
        "fire5": Fire(256, 32, 128),
        "pool5": pool(),
        "fire6": Fire(256, 48, 192),
        "fire7": Fire(384, 48, 192),
        "fire8": Fire(384, 64, 256),
        "fire9": Fire(512, 64, 256),
    }


CHAINS: dict[str, Callable[[], Layers]] = {
    "alexnet": _alexnet,
    "vgg16": lambda: _vgg((2, 2, 3, 3, 3)),
    "vgg19": lambda: _vgg((2, 2, 4, 4, 4)),
    "squeezenet1_1": _squeezenet,
    "vgg16_l2": _vgg16_l2,
    "stlpips_alex": _shift_tolerant_alexnet,
    "stlpips_vgg": _shift_tolerant_vgg16,
}
# Networks that take the weights of another.
TRAINED_AS = {"vgg16_l2": "vgg16"}
