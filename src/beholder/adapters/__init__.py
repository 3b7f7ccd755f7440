"""Metrics of other libraries as ours, and ours as theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from beholder.adapters.wrapped import WrappedMetric, wrap_metric

if TYPE_CHECKING:
    from beholder.adapters.lightning_metrics import LightningMetrics
    from beholder.adapters.streaming import MeanScore
    from beholder.spec import Metric

__all__ = ["LightningMetrics", "WrappedMetric", "as_torchmetric", "wrap_metric"]


def __getattr__(name: str) -> Any:
    """Load Lightning when its callback is asked for: it takes seconds, and may not be installed."""
    if name == "LightningMetrics":
        from beholder.adapters.lightning_metrics import LightningMetrics

        return LightningMetrics
    raise AttributeError(f"module 'beholder.adapters' has no attribute {name!r}")


def as_torchmetric(metric: str | Metric, **options: Any) -> MeanScore:
    """A metric in the dress of torchmetrics: the mean score over all pictures seen, gathered over processes.

    Args:
        metric: A catalogue name, with options if wished (``"lpips_vgg"``, ``"psnr_y:border=4"``), or a metric.
        **options: The metric's own options where it is named; then those of ``torchmetrics.Metric``.

    Raises:
        UsageError: If the name or an option is unknown.
        WeightsError: If weights are missing.
        MissingPackageError: If torchmetrics is not installed.

    Example:
        >>> validation = as_torchmetric("lpips_vgg")
        >>> validation.update(restored, originals)  # (N, 3, H, W) in [0, 1]
        >>> validation.compute()
    """
    from beholder.adapters.streaming import MeanScore

    return MeanScore(metric, **options)
