"""Where the numbers come from."""

from __future__ import annotations

import datetime as dt
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import torch

from beholder.catalog import parse_request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from beholder.backbones import WeightFile
    from beholder.scoring.settings import Settings
    from beholder.spec import Metric

__all__ = ["describe_run"]


def describe_run(metrics: Mapping[str, Metric], settings: Settings) -> dict[str, Any]:
    """Versions, engine, device, precision, settings, and each metric with its weights, as JSON can hold them."""
    return {
        "beholder": version("beholder"),
        "created": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "torch": torch.__version__,
        "engine": "torch",
        "device": settings.device,
        "precision": "float32",
        "threads": torch.get_num_threads(),
        "resize": settings.resize,
        "background": settings.background,
        "max_pixels": settings.max_pixels,
        "metrics": {name: _describe(name, metric) for name, metric in metrics.items()},
    }


def _describe(request: str, metric: Metric) -> dict[str, Any]:
    files: tuple[WeightFile, ...] = getattr(metric, "weights", ())
    return {
        **metric.spec.as_dict(),
        "options": parse_request(request)[1],
        "weights": [{"card": file.card, "file": file.file, "sha256": file.sha256} for file in files],
    }
