"""What there is, by name: explicit, and loaded only when asked for."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
from typing import TYPE_CHECKING, Any

from beholder.spec import Metric, MetricSpec, UsageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["METRICS", "Entry", "create_metric", "describe_metric", "parse_request"]


@dataclasses.dataclass(frozen=True)
class Entry:
    """Where a catalogue name leads.

    Attributes:
        target: ``"module:Class"``.
        options: Arguments that the name stands for.
    """

    target: str
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def load(self) -> Any:
        """The class itself."""
        module, _, name = self.target.partition(":")
        return getattr(importlib.import_module(module), name)


METRICS: Mapping[str, Entry] = {
    "psnr": Entry("beholder.metrics.psnr:PSNR"),
    "psnr_y": Entry("beholder.metrics.psnr:PSNR", {"channel": "y"}),
    "ssim": Entry("beholder.metrics.ssim:SSIM"),
    "ssim_matlab": Entry("beholder.metrics.ssim:SSIM", {"downsample": True}),
    "ms_ssim": Entry("beholder.metrics.ms_ssim:MS_SSIM"),
    "gmsd": Entry("beholder.metrics.gmsd:GMSD"),
    "lpips_alex": Entry("beholder.metrics.lpips:LPIPS", {"network": "alex"}),
    "lpips_vgg": Entry("beholder.metrics.lpips:LPIPS", {"network": "vgg"}),
    "lpips_squeeze": Entry("beholder.metrics.lpips:LPIPS", {"network": "squeeze"}),
}


def create_metric(request: str, **options: Any) -> Metric:
    """Build a metric by its catalogue name.

    Args:
        request: A name (``"lpips_vgg"``), or a name with options (``"psnr_y:border=4"``).
        **options: The metric's own options, as its class documents them.

    Returns:
        A metric: ``metric(x, y)`` scores pictures of shape (N, 3, H, W) in [0, 1] and returns (N,).

    Raises:
        UsageError: If the name or an option is unknown.
        WeightsError: If the metric needs weights that are not in the cache.
    """
    metric_class, arguments = _resolve(request, options)
    metric: Metric = metric_class(**arguments)
    return metric


def describe_metric(request: str, **options: Any) -> MetricSpec:
    """The specification of a metric, without building it or loading weights; arguments as `create_metric`."""
    metric_class, arguments = _resolve(request, options)
    spec: MetricSpec = metric_class.describe(**arguments)
    return spec


def parse_request(request: str) -> tuple[str, dict[str, Any]]:
    """Split ``"psnr_y:border=4"`` into the name and its options; numbers, ``true`` and ``false`` are recognised.

    Raises:
        UsageError: If the name is not in the catalogue or an option is not of the form ``key=value``.
    """
    name, *parts = request.strip().split(":")
    if name not in METRICS:
        raise UsageError(
            f"there is no metric {name!r}.{did_you_mean(name, METRICS)} `beholder metrics` lists them all."
        )
    options = {}
    for part in parts:
        key, separator, value = part.partition("=")
        if not (key and separator and value):
            raise UsageError(
                f"{request!r}: {part!r} is no option; expected KEY=VALUE, as in psnr_y:border=4."
            )
        options[key] = _literal(value)
    return name, options


def _resolve(request: str, options: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    name, requested = parse_request(request)
    entry = METRICS[name]
    metric_class = entry.load()
    asked = {**requested, **options}
    # An option that the name itself stands for would make it another metric under the same name.
    allowed = [key for key in inspect.signature(metric_class).parameters if key not in entry.options]
    for key in asked:
        if key not in allowed:
            listed = f"its options are {', '.join(allowed)}" if allowed else "it has no options"
            raise UsageError(f"metric {name!r} has no option {key!r}; {listed}.")
    return metric_class, {**entry.options, **asked}


def _literal(text: str) -> bool | int | float | str:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
