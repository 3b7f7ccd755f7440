"""Frozen networks that turn pictures into features, and the door through which their weights come."""

from beholder.backbones.backbone import Backbone
from beholder.backbones.cards import CARDS, WeightCard
from beholder.backbones.door import WeightFile

__all__ = ["CARDS", "Backbone", "WeightCard", "WeightFile"]
