"""Any network of torchvision or timm, cut at named nodes of its graph."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import torch
from torch.overrides import TorchFunctionMode

from beholder.spec import MissingPackageError, UsageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import fx, nn

__all__ = ["build_network", "check_network", "cut_graph"]

_OUT_OF_PLACE = {operator.iadd: operator.add, operator.imul: operator.mul, operator.isub: operator.sub}

_RANDOM = {"normal_", "uniform_", "kaiming_normal_", "kaiming_uniform_"}


class _Zeros(TorchFunctionMode):
    """Fills with zeros what would be filled with random numbers, which are slow and soon replaced."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if getattr(func, "__name__", "") not in _RANDOM:
            return func(*args, **kwargs)
        with torch.no_grad():
            return (args[0] if args else kwargs["tensor"]).zero_()


def check_network(network: str) -> None:
    """Refuse a name that neither torchvision nor timm knows.

    Raises:
        UsageError: If the network is unknown.
        MissingPackageError: If it is one of timm's and timm is not installed.
    """
    if network.startswith("timm:"):
        name, known = network.removeprefix("timm:"), _timm().list_models()
        if name not in known:
            raise UsageError(f"timm has no network {name!r}.{did_you_mean(name, known)}")
        return
    from torchvision import models

    known = models.list_models(module=models)  # its detectors and segmenters download on construction
    if network not in known:
        raise UsageError(
            f"torchvision has no classifier {network!r}.{did_you_mean(network, known)} "
            "A network of timm is named 'timm:NAME'."
        )


def cut_graph(network: str, layers: Sequence[str]) -> tuple[nn.Module, set[str]]:
    """The part of a network that computes the layers, and the names of all of its tensors.

    Args:
        network: A name that `check_network` lets pass.
        layers: Nodes of its graph, such as ``"layer1.0.relu"``, or modules, which stand for their last node.

    Raises:
        UsageError: If a layer is unknown.
    """
    from torchvision.models import feature_extraction

    model = build_network(network)
    nodes = feature_extraction.get_graph_node_names(model, suppress_diff_warning=True)[1]
    known = {".".join(node.split(".")[: depth + 1]) for node in nodes for depth in range(node.count(".") + 1)}
    for layer in layers:
        if layer not in known:
            raise UsageError(f"{network} has no layer {layer!r}.{did_you_mean(layer, sorted(known))}")
    if network.startswith("timm:"):
        trunk = _timm().models.create_feature_extractor(model, return_nodes=list(layers))
    else:
        trunk = feature_extraction.create_feature_extractor(
            model, return_nodes=list(layers), suppress_diff_warning=True
        )
    _work_out_of_place(trunk)
    return trunk, set(model.state_dict())


def build_network(network: str) -> Any:
    """A network of a name that `check_network` lets pass, in evaluation mode, its weights still to be filled."""
    with _Zeros():
        return _build(network).eval()


def _build(network: str) -> Any:
    if network.startswith("timm:"):
        return _timm().create_model(network.removeprefix("timm:"))
    from torchvision.models import get_model

    # These two warn unless they are told how to fill the weights.
    options = {"init_weights": False} if network in ("googlenet", "inception_v3") else {}
    return get_model(network, weights=None, **options)


def _timm() -> Any:
    try:
        import timm
    except ModuleNotFoundError as error:
        raise MissingPackageError(
            "networks of timm need the package timm: pip install 'beholder[timm]'"
        ) from error
    return timm


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
