"""Frozen networks that turn pictures into features, and the door through which their weights come."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from beholder.backbones.backbone import Backbone
    from beholder.backbones.cards import CARDS, WeightCard
    from beholder.backbones.door import WeightFile

__all__ = ["CARDS", "Backbone", "WeightCard", "WeightFile"]
_HOMES = {
    "CARDS": "beholder.backbones.cards",
    "Backbone": "beholder.backbones.backbone",
    "WeightCard": "beholder.backbones.cards",
    "WeightFile": "beholder.backbones.door",
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for: the cards are told without torch."""
    if name not in _HOMES:
        raise AttributeError(f"module 'beholder.backbones' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
