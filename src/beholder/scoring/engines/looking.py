"""What metrics look at in pictures: features by network and layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeGuard

from torch import Tensor, nn

from beholder.backbones import Backbone
from beholder.backbones.chains import Chain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Computed", "Features", "Look", "has_chains_only"]

Features = dict[Chain, dict[str, Tensor]]
"""Features by network and layer."""


class Look:
    """What metrics look at: the networks and layers of some, in a fixed order.

    Args:
        metrics: Modules, of which equal networks are joined.
    """

    def __init__(self, metrics: Iterable[nn.Module]) -> None:
        self.backbones = [
            module for metric in metrics for module in metric.modules() if isinstance(module, Backbone)
        ]
        asked: dict[Chain, set[str]] = {}
        for backbone in self.backbones:
            asked.setdefault(_chain_of(backbone), set()).update(backbone.layers)
        self.layers = [
            (trunk, name) for trunk, names in asked.items() for name in trunk.names if name in names
        ]

    def see(self, x: Tensor) -> list[Tensor]:
        """The features of pictures, in order; within a pass that is open."""
        seen: Features = {}
        for backbone in self.backbones:
            seen.setdefault(_chain_of(backbone), {}).update(backbone(x))
        return [seen[trunk][layer] for trunk, layer in self.layers]

    def name(self, features: Sequence[Tensor]) -> Features:
        """Features by network and layer, those of a network in its own order."""
        named: Features = {}
        for (trunk, layer), found in zip(self.layers, features, strict=True):
            named.setdefault(trunk, {})[layer] = found
        return named


def _chain_of(backbone: Backbone) -> Chain:
    return backbone.trunk  # type: ignore[return-value]  # the engine takes no other


class Computed(NamedTuple):
    """What an engine makes of a batch of pairs.

    Attributes:
        scores: Scores by metric, each of shape (N,).
        of_x: What the other metrics look at in the pictures under test, by network and layer.
        of_y: The same of their references.
    """

    scores: dict[str, Tensor]
    of_x: Features
    of_y: Features


def has_chains_only(metric: object) -> TypeGuard[nn.Module]:
    """Whether a metric looks at pictures through networks, all of them plain chains of layers."""
    if not isinstance(metric, nn.Module):
        return False
    backbones = [module for module in metric.modules() if isinstance(module, Backbone)]
    return bool(backbones) and all(isinstance(backbone.trunk, Chain) for backbone in backbones)
