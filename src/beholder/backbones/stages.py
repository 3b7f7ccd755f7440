"""The layers at which a network is looked into where none are named: the last before each halving of resolution."""

from __future__ import annotations

import re
from typing import NamedTuple

from beholder.backbones.backbone import IMAGENET_MEAN, IMAGENET_STD
from beholder.backbones.chains import CHAINS
from beholder.backbones.graphs import build_network, check_network

__all__ = ["CHAIN_STAGES", "Stages", "find_stages", "name_some_layers"]

Channels = tuple[float, float, float]


class Stages(NamedTuple):
    """Where to look into a network, and what it expects to see.

    Attributes:
        layers: Names of layers, in order; empty where none are known.
        mean: Mean of each channel that its pretrained weights expect, for RGB in [0, 1].
        std: Standard deviation of each channel, likewise.
    """

    layers: tuple[str, ...]
    mean: Channels = IMAGENET_MEAN
    std: Channels = IMAGENET_STD


# Those of the LPIPS paper; for VGG-19 by the same rule.
CHAIN_STAGES = {
    "alexnet": ("relu1", "relu2", "relu3", "relu4", "relu5"),
    "vgg16": ("relu1_2", "relu2_2", "relu3_3", "relu4_3", "relu5_3"),
    "vgg19": ("relu1_2", "relu2_2", "relu3_4", "relu4_4", "relu5_4"),
    "squeezenet1_1": ("relu1", "fire3", "fire5", "fire6", "fire7", "fire8", "fire9"),
}
_FAMILIES = {
    r"(wide_)?resne(t|xt)\d.*": ("relu", "layer1", "layer2", "layer3", "layer4"),
    r"regnet_.*": ("stem", *(f"trunk_output.block{block}" for block in (1, 2, 3, 4))),
    r"densenet.*": ("features.relu0", *(f"features.denseblock{block}" for block in (1, 2, 3, 4))),
    r"(convnext|swin)_.*": ("features.1", "features.3", "features.5", "features.7"),
}
# torchvision's own, ported from networks that saw pictures in [-1, 1]
_OTHER_RANGE = {"googlenet", "inception_v3"}
_SHOWN = 24


def find_stages(network: str) -> Stages:
    """Customary layers of a network, and its normalisation.

    AlexNet, VGG-16 and -19 and SqueezeNet 1.1 as in the LPIPS paper; ResNet, RegNet, DenseNet, ConvNeXt and Swin of
    torchvision by family; networks of timm as timm itself lists them.

    Raises:
        UsageError: If the network is unknown.
        MissingPackageError: If it is one of timm's and timm is not installed.
    """
    if network in CHAIN_STAGES:
        return Stages(CHAIN_STAGES[network])
    check_network(network)
    if network.startswith("timm:"):
        model = build_network(network)
        by_reduction = {
            stage["reduction"]: stage["module"] for stage in getattr(model, "feature_info", None) or ()
        }
        expected = model.pretrained_cfg
        return Stages(tuple(by_reduction.values()), tuple(expected["mean"]), tuple(expected["std"]))
    layers = next((layers for family, layers in _FAMILIES.items() if re.fullmatch(family, network)), ())
    if network in _OTHER_RANGE:
        return Stages(layers, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    return Stages(layers)


def name_some_layers(network: str) -> str:
    """Names of a network's parts, to choose layers from."""
    if network in CHAINS:
        return ", ".join(CHAINS[network]())
    modules = build_network(network).named_modules()
    names = [name for name, _ in modules if name and name.count(".") <= 1]
    return ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
