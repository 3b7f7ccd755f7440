"""Names of layers in the field's terms, such as ``relu2_2``, for networks whose own names are bare numbers."""

from __future__ import annotations

from torch import nn

__all__ = ["layer_aliases"]

_FIRE = (3, 4, 6, 7, 9, 10, 11, 12)  # positions of fire2 .. fire9 in SqueezeNet 1.1


def layer_aliases(network: str, model: nn.Module) -> dict[str, str]:
    """The field's layer names of a network -> torchvision's.

    VGG counts convolutions within blocks (``conv1_1``, ``relu1_1``, ..., ``pool5``); AlexNet counts them
    through (``conv1``, ``relu1``, ..., ``pool5``); SqueezeNet has ``relu1`` and ``fire2`` .. ``fire9``.
    Networks whose own names speak, such as ResNet's ``layer1.0.relu``, have none.
    """
    features = getattr(model, "features", None)
    if not isinstance(features, nn.Sequential):
        return {}
    if network.startswith("vgg"):
        return _count_within_blocks(features)
    if network == "alexnet":
        return _count_through(features)
    if network == "squeezenet1_1":
        return {"relu1": "features.1"} | {
            f"fire{i}": f"features.{place}" for i, place in enumerate(_FIRE, start=2)
        }
    return {}


def _count_within_blocks(features: nn.Sequential) -> dict[str, str]:
    names: dict[str, str] = {}
    block, layer = 1, 0
    for place, module in enumerate(features):
        if isinstance(module, nn.MaxPool2d):
            names[f"pool{block}"] = f"features.{place}"
            block, layer = block + 1, 0
            continue
        if isinstance(module, nn.Conv2d):
            layer += 1
        kind = {nn.Conv2d: "conv", nn.BatchNorm2d: "bn", nn.ReLU: "relu"}[type(module)]
        names[f"{kind}{block}_{layer}"] = f"features.{place}"
    return names


def _count_through(features: nn.Sequential) -> dict[str, str]:
    names: dict[str, str] = {}
    layer = 0
    for place, module in enumerate(features):
        if isinstance(module, nn.Conv2d):
            layer += 1
        kind = {nn.Conv2d: "conv", nn.ReLU: "relu", nn.MaxPool2d: "pool"}[type(module)]
        names[f"{kind}{layer}"] = f"features.{place}"
    return names
