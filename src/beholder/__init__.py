"""Beholder: a perceptual distance between pictures that you can trust, train with, and check."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from beholder.backbones import Backbone
    from beholder.catalog import create_loss, create_metric
    from beholder.images import read_picture
    from beholder.losses import AsLoss, WeightedSum
    from beholder.scoring import ScoreTable, Settings, score, score_iter, score_table
    from beholder.spec import BeholderError, Loss, Metric, MetricSpec
    from beholder.training.restoring import Restorer

__all__ = [
    "AsLoss",
    "Backbone",
    "BeholderError",
    "Loss",
    "Metric",
    "MetricSpec",
    "Restorer",
    "ScoreTable",
    "Settings",
    "WeightedSum",
    "create_loss",
    "create_metric",
    "read_picture",
    "score",
    "score_iter",
    "score_table",
]
_HOMES = {
    "AsLoss": "beholder.losses",
    "Backbone": "beholder.backbones",
    "BeholderError": "beholder.spec",
    "Loss": "beholder.spec",
    "Metric": "beholder.spec",
    "MetricSpec": "beholder.spec",
    "Restorer": "beholder.training.restoring",
    "ScoreTable": "beholder.scoring",
    "Settings": "beholder.scoring",
    "WeightedSum": "beholder.losses",
    "create_loss": "beholder.catalog",
    "create_metric": "beholder.catalog",
    "read_picture": "beholder.images",
    "score": "beholder.scoring",
    "score_iter": "beholder.scoring",
    "score_table": "beholder.scoring",
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for, so that ``import beholder`` stays instant."""
    if name == "__version__":
        from importlib.metadata import version

        return version("beholder")
    if name not in _HOMES:
        raise AttributeError(f"module 'beholder' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
