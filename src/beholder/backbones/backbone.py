"""Named features of a frozen, pretrained network."""

from __future__ import annotations

import difflib
import operator
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, fx, nn
from torchvision.models import get_model, list_models
from torchvision.models.feature_extraction import create_feature_extractor, get_graph_node_names

from beholder.backbones import door
from beholder.backbones.cards import CARDS
from beholder.backbones.layers import layer_aliases
from beholder.ops.shapes import check_images
from beholder.spec import MissingPackageError, UsageError, WeightsError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["IMAGENET_MEAN", "IMAGENET_STD", "Backbone"]

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
_OUT_OF_PLACE = {operator.iadd: operator.add, operator.imul: operator.mul, operator.isub: operator.sub}


class Backbone(nn.Module):
    """A pretrained network that returns the features of named layers.

    It is frozen and stays in evaluation mode; gradients flow to its input. Only the layers up to the last
    one asked for are kept and run.

    Args:
        network: A network of torchvision (``"vgg16"``, ``"alexnet"``, ``"resnet50"``, ...), or one of timm
            (``"timm:resnet18"``).
        layers: Layers to return. VGG, AlexNet and SqueezeNet go by the field's names (``"relu2_2"``,
            ``"relu3"``, ``"fire5"``); any network by those of its graph (``"layer1.0.relu"``).
        weights: A file to take the weights from; by default the cache, filled by ``beholder weights fetch``.
        mean: Mean of each channel that the network was trained with, for RGB in [0, 1].
        std: Standard deviation of each channel that the network was trained with.

    Raises:
        UsageError: If the network or a layer is unknown.
        WeightsError: If the weights are missing, damaged, or do not fit the network exactly.
        MissingPackageError: If timm is asked for and not installed.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        network: str,
        layers: Sequence[str],
        *,
        weights: str | Path | None = None,
        mean: Sequence[float] = IMAGENET_MEAN,
        std: Sequence[float] = IMAGENET_STD,
    ) -> None:
        super().__init__()
        if not layers:
            raise UsageError(f"no layers of {network!r} are named; expected at least one, such as 'relu2_2'.")
        self.network = network
        self.layers = tuple(layers)
        tensors, self.weights = door.load(network, _expect_weights(network, weights))
        self.trunk, known = _extract(network, self.layers)
        _fill(self.trunk, tensors, known, network)
        self.trunk.eval().requires_grad_(requires_grad=False)
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(1, 3, 1, 1), persistent=False)

    def train(self, mode: bool = True) -> Backbone:  # noqa: ARG002, FBT001, FBT002 -- the signature of nn.Module
        """Stay in evaluation mode, whatever the module around asks for."""
        return super().train(mode=False)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """Features of each named layer.

        Args:
            x: Images, shape (N, 3, H, W), in [0, 1].

        Returns:
            Layer name -> features, shape (N, C, H', W').
        """
        check_images(x)
        repeated = x.shape[0] if x.stride(0) == 0 else 1  # one picture, expanded into a batch
        features: dict[str, Tensor] = self.trunk((x[::repeated] - self.mean) / self.std)
        if repeated > 1:
            features = {layer: feature.expand(repeated, -1, -1, -1) for layer, feature in features.items()}
        return features

    def extra_repr(self) -> str:
        """The network, its layers and its weight file."""
        return f"{self.network!r}, layers={self.layers}, weights={self.weights.file}"


def _expect_weights(network: str, weights: str | Path | None) -> str | Path | None:
    if weights is None and network not in CARDS and not network.startswith("timm:"):
        _check_torchvision_name(network)
    if weights is None and network not in CARDS:
        raise WeightsError(
            f"there is no weight card for {network!r}; name a file: Backbone({network!r}, layers, weights='FILE')."
        )
    return weights


def _check_torchvision_name(network: str) -> None:
    if network not in list_models():
        near = difflib.get_close_matches(network, [*list_models(), *CARDS], n=3)
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        raise UsageError(
            f"torchvision has no network {network!r}.{hint} A network of timm is named 'timm:NAME'."
        )


def _extract(network: str, layers: tuple[str, ...]) -> tuple[fx.GraphModule, set[str]]:
    """The part of the network that computes the layers, and the names of all of its tensors."""
    if network.startswith("timm:"):
        model, extract = _timm_network(network.removeprefix("timm:"))
        names = layers
    else:
        _check_torchvision_name(network)
        # On the meta device no memory is filled with random numbers that the weights then replace.
        with torch.device("meta"):
            model = get_model(network, weights=None)
        aliases = layer_aliases(network, model)
        names = tuple(aliases.get(layer, layer) for layer in layers)
        extract = create_feature_extractor
    model.eval()
    _check_layers(network, model, layers, names)
    trunk = extract(model, return_nodes=dict(zip(names, layers, strict=True)))
    _work_out_of_place(trunk)
    return trunk, set(model.state_dict())


def _timm_network(name: str) -> tuple[nn.Module, Any]:
    try:
        import timm
        from timm.models import create_feature_extractor as extract
    except ModuleNotFoundError as error:
        raise MissingPackageError(
            "networks of timm need the package timm: pip install 'beholder[timm]'"
        ) from error
    if name not in timm.list_models():
        near = difflib.get_close_matches(name, timm.list_models(), n=3)
        raise UsageError(
            f"timm has no network {name!r}." + (f" Did you mean {' or '.join(near)}?" if near else "")
        )
    return timm.create_model(name, pretrained=False), extract


def _check_layers(network: str, model: nn.Module, layers: tuple[str, ...], names: tuple[str, ...]) -> None:
    nodes = get_graph_node_names(model, suppress_diff_warning=True)[1]
    # A module's name stands for its last node, as the extractor has it.
    known = {".".join(node.split(".")[: depth + 1]) for node in nodes for depth in range(node.count(".") + 1)}
    aliases = layer_aliases(network, model)
    for layer, name in zip(layers, names, strict=True):
        if name not in known:
            offered = list(aliases) or nodes
            near = difflib.get_close_matches(layer, offered, n=3) or offered[:3]
            raise UsageError(f"{network} has no layer {layer!r}. Did you mean {' or '.join(near)}?")


def _work_out_of_place(trunk: fx.GraphModule) -> None:
    """Keep a later operation from overwriting the features of an earlier one."""
    for module in trunk.modules():
        if getattr(module, "inplace", False):
            setattr(module, "inplace", False)  # noqa: B010 -- nn.Module has no such attribute to type
    for node in trunk.graph.nodes:
        if node.op == "call_function":
            node.target = _OUT_OF_PLACE.get(node.target, node.target)
            if "inplace" in node.kwargs:
                node.kwargs = {**node.kwargs, "inplace": False}
    trunk.recompile()


def _fill(trunk: nn.Module, tensors: dict[str, Tensor], known: set[str], network: str) -> None:
    needed = trunk.state_dict()
    missing = sorted(needed.keys() - tensors.keys())
    foreign = sorted(tensors.keys() - known)
    wrong = [name for name in needed if name in tensors and tensors[name].shape != needed[name].shape]
    for names, fault in (
        (missing, "lack"),
        (foreign, "hold, beyond the network's own,"),
        (wrong, "have a wrong shape for"),
    ):
        if names:
            shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
            raise WeightsError(f"the weights do not fit {network!r}: they {fault} {shown}.")
    trunk.load_state_dict({name: tensors[name] for name in needed}, strict=True, assign=True)
