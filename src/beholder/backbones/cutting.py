"""The part of a network that computes the layers asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from beholder.backbones.chains import CHAINS, Chain
from beholder.backbones.graphs import cut_graph
from beholder.spec import UsageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["cut_network"]


def cut_network(network: str, layers: Sequence[str]) -> tuple[nn.Module, set[str]]:
    """The network up to the last of its layers, without weights, and the names of all tensors of its features.

    Raises:
        UsageError: If the network or a layer is unknown.
        MissingPackageError: If timm is asked for and not installed.
    """
    if network not in CHAINS:
        return cut_graph(network, layers)
    # On the meta device no memory is filled with random numbers that the weights then replace.
    with torch.device("meta"):
        whole = CHAINS[network]()
    for layer in layers:
        if layer not in whole:
            raise UsageError(f"{network} has no layer {layer!r}.{did_you_mean(layer, list(whole))}")
    known = set(nn.ModuleDict({"features": nn.Sequential(*whole.values())}).state_dict())
    return Chain(whole, layers), known
