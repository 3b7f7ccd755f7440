"""A backbone and its layers as a request's options name them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from beholder.backbones.backbone import Backbone
from beholder.backbones.cards import CARDS
from beholder.backbones.stages import find_stages
from beholder.spec import UsageError

__all__ = ["Choice", "choose"]


class Choice(NamedTuple):
    """Where to look in which network.

    Attributes:
        backbone: Name of the network.
        layers: Names of its layers.
        weights: File of its weights; ``None`` for the cache.
    """

    backbone: str
    layers: tuple[str, ...]
    weights: str | Path | None

    @property
    def cards(self) -> tuple[str, ...]:
        """Weight cards that it needs."""
        return (self.backbone,) if self.weights is None and self.backbone in CARDS else ()

    def build(self) -> Backbone:
        """The network, seeing pictures normalised as it was trained; errors as of `Backbone`."""
        stages = find_stages(self.backbone)
        return Backbone(self.backbone, self.layers, weights=self.weights, mean=stages.mean, std=stages.std)


def choose(backbone: str, layers: str | Sequence[str], weights: str | Path | None) -> Choice:
    """Options of a request; whether the network has the layers is found when it is built.

    Args:
        backbone: A network as `Backbone` takes it.
        layers: Its layers: a list, or their names joined by ``+``.
        weights: A file, or ``None``.

    Raises:
        UsageError: If an option is of the wrong kind.
    """
    if not isinstance(backbone, str):
        raise UsageError(f"backbone is {backbone!r}; expected the name of a network, such as vgg19.")
    if weights is not None and not isinstance(weights, str | Path):
        raise UsageError(f"weights is {weights!r}; expected the path of a weight file.")
    names = layers.split("+") if isinstance(layers, str) else layers
    if (
        not isinstance(names, Sequence)
        or not names
        or not all(isinstance(name, str) and name for name in names)
    ):
        raise UsageError(f"layers is {layers!r}; expected names joined by '+', such as relu1_2+relu2_2.")
    if repeated := sorted({name for name in names if list(names).count(name) > 1}):
        raise UsageError(f"layers is {layers!r}; {', '.join(repeated)} is named twice.")
    return Choice(backbone, tuple(names), weights)
