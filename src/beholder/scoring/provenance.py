"""Where the numbers come from."""

from __future__ import annotations

import datetime as dt
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import torch

from beholder.catalog import parse_request

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from beholder.backbones import WeightFile
    from beholder.scoring.settings import Settings
    from beholder.spec import Metric, NoReferenceMetric

__all__ = ["describe_run"]


def describe_run(
    metrics: Mapping[str, Metric | NoReferenceMetric],
    settings: Settings,
    told: Mapping[str, dict[str, Any]],
    *,
    own: Collection[str] = (),
) -> dict[str, Any]:
    """Versions, engine, device, precision, settings, and each metric with its weights, as JSON can hold them.

    Args:
        metrics: The metrics, by the names of their columns.
        settings: How they score.
        told: What else is to be told of each metric: its engine and precision.
        own: Names of those that the user made. Their options are not known; what they are is told instead.
    """
    return {
        "beholder": version("beholder"),
        "created": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "torch": torch.__version__,
        **({"openvino": version("openvino")} if settings.engine == "openvino" else {}),
        "engine": settings.engine,
        "device": settings.device,
        "precision": settings.precision,
        "threads": torch.get_num_threads(),
        "resize": settings.resize,
        "background": settings.background,
        "max_pixels": settings.max_pixels,
        "metrics": {
            name: _describe(name, metric, own=name in own) | told[name] for name, metric in metrics.items()
        },
    }


def _describe(request: str, metric: Metric | NoReferenceMetric, *, own: bool) -> dict[str, Any]:
    files: tuple[WeightFile, ...] = getattr(metric, "weights", ())
    made = type(metric)
    made_by = {"options": None, "object": getattr(metric, "origin", f"{made.__module__}.{made.__qualname__}")}
    return {
        **metric.spec.as_dict(),
        **(made_by if own else {"options": parse_request(request)[1]}),
        "weights": [{"card": file.card, "file": file.file, "sha256": file.sha256} for file in files],
    }
