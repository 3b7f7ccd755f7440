"""Backbones that hold the same network, holding it together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from beholder.backbones.cutting import cut_network

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from beholder.backbones.backbone import Backbone

__all__ = ["join_trunks"]


def join_trunks(backbones: Iterable[Backbone]) -> None:
    """Let backbones with the same network, weights and normalisation hold one trunk.

    It computes all layers that any of them asks for, and its weights are in memory once; each still gives the layers
    that it was asked for. Within `beholder.backbones.passes.one_pass` it sees each picture once for all of them.
    """
    groups: dict[object, list[Backbone]] = {}
    for backbone in backbones:
        groups.setdefault(_sight(backbone), []).append(backbone)
    for members in groups.values():
        alike = [member for member in members if _hold_equal_weights(members[0], member)]
        if len({id(member.trunk) for member in alike}) > 1:
            _join(alike)


def _sight(backbone: Backbone) -> object:
    """What makes two backbones see alike."""
    normalisation = (*backbone.mean.flatten().tolist(), *backbone.std.flatten().tolist())
    return backbone.network, backbone.weights.sha256, normalisation, backbone.mean.dtype, backbone.mean.device


def _hold_equal_weights(one: Backbone, other: Backbone) -> bool:
    """Whether nobody has changed the weights of either since they came through the door."""
    tensors = one.trunk.state_dict()
    return one is other or all(
        torch.equal(tensor, tensors[name])
        for name, tensor in other.trunk.state_dict().items()
        if name in tensors
    )


def _join(members: Sequence[Backbone]) -> None:
    layers = dict.fromkeys(layer for member in members for layer in member.layers)
    trunk, _ = cut_network(members[0].network, list(layers))
    tensors = {name: tensor for member in members for name, tensor in member.trunk.state_dict().items()}
    trunk.load_state_dict({name: tensors[name] for name in trunk.state_dict()}, strict=True, assign=True)
    trunk.eval().requires_grad_(requires_grad=False)
    for member in members:
        member.trunk = trunk
