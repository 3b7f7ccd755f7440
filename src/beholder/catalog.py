r"""What there is, by name: explicit, and loaded only when asked for.

A request is a name, or a name with options: ``NAME:KEY=VALUE:KEY=VALUE``. Where a name has a subject, it comes first,
bare, and may hold colons: ``lpips:timm:resnet18:layers=layer1+layer2``. In a value ``\:``, ``\,`` and ``\\``
stand for a colon, a comma and a backslash (``lpips_vgg:trunk=C\:\mine\,too.pth``); any other backslash is itself.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import itertools
import re
from typing import TYPE_CHECKING, Any

from beholder.spec import Metric, MetricSpec, NoReferenceMetric, UsageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "METRICS",
    "NO_REFERENCE_METRICS",
    "Entry",
    "create_metric",
    "create_no_reference_metric",
    "describe_metric",
    "list_options",
    "parse_request",
    "split_requests",
]


@dataclasses.dataclass(frozen=True)
class Entry:
    """Where a catalogue name leads.

    Attributes:
        target: ``"module:Class"``.
        options: Arguments that the name stands for.
        subject: The option that must be given, and that stands bare after the name: ``"backbone"`` in
            ``lpips:vgg19``.
        package: An optional package that must be installed, by the name that Python imports.
    """

    target: str
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    subject: str | None = None
    package: str | None = None

    def load(self) -> Any:
        """The class itself."""
        module, _, name = self.target.partition(":")
        return getattr(importlib.import_module(module), name)


METRICS: Mapping[str, Entry] = {
    "mse": Entry("beholder.metrics.mse:MSE"),
    "mae": Entry("beholder.metrics.mae:MAE"),
    "ciede2000": Entry("beholder.metrics.ciede2000:CIEDE2000"),
    "psnr": Entry("beholder.metrics.psnr:PSNR"),
    "psnr_y": Entry("beholder.metrics.psnr:PSNR", {"channel": "y"}),
    "ssim": Entry("beholder.metrics.ssim:SSIM"),
    "ssim_matlab": Entry("beholder.metrics.ssim:SSIM", {"downsample": True}),
    "uqi": Entry("beholder.metrics.uqi:UQI"),
    "ms_ssim": Entry("beholder.metrics.ms_ssim:MS_SSIM"),
    "cw_ssim": Entry("beholder.metrics.cw_ssim:CW_SSIM"),
    "iw_ssim": Entry("beholder.metrics.iw_ssim:IW_SSIM"),
    "vif": Entry("beholder.metrics.vif:VIF"),
    "vif_wavelet": Entry("beholder.metrics.vif_wavelet:VIFWavelet"),
    "fsim": Entry("beholder.metrics.fsim:FSIM", {"chromatic": False}),
    "fsimc": Entry("beholder.metrics.fsim:FSIM", {"chromatic": True}),
    "vsi": Entry("beholder.metrics.vsi:VSI"),
    "sr_sim": Entry("beholder.metrics.sr_sim:SR_SIM"),
    "gmsd": Entry("beholder.metrics.gmsd:GMSD"),
    "ms_gmsd": Entry("beholder.metrics.ms_gmsd:MS_GMSD", {"chromatic": False}),
    "ms_gmsdc": Entry("beholder.metrics.ms_gmsd:MS_GMSD", {"chromatic": True}),
    "mdsi": Entry("beholder.metrics.mdsi:MDSI"),
    "haarpsi": Entry("beholder.metrics.haarpsi:HaarPSI"),
    "nlpd": Entry("beholder.metrics.nlpd:NLPD"),
    "mad": Entry("beholder.metrics.mad:MAD"),
    "dss": Entry("beholder.metrics.dss:DSS"),
    "psnr_hvs_m": Entry("beholder.metrics.psnr_hvs:PSNR_HVS_M"),
    "psnr_hvs": Entry("beholder.metrics.psnr_hvs:PSNR_HVS_M", {"masking": False}),
    "adm": Entry("beholder.metrics.adm:ADM"),
    "vmaf": Entry("beholder.metrics.vmaf:VMAF"),
    "cvvdp": Entry("beholder.metrics.cvvdp:CVVDP", package="pycvvdp"),
    "lpips": Entry("beholder.metrics.lpips_backbone:BackboneLPIPS", subject="backbone"),
    "lpips_random": Entry("beholder.metrics.lpips_backbone:RandomLPIPS"),
    "lpips_alex": Entry("beholder.metrics.lpips:LPIPS", {"network": "alex"}),
    "lpips_vgg": Entry("beholder.metrics.lpips:LPIPS", {"network": "vgg"}),
    "lpips_squeeze": Entry("beholder.metrics.lpips:LPIPS", {"network": "squeeze"}),
    "stlpips_alex": Entry("beholder.metrics.stlpips:ShiftTolerantLPIPS", {"network": "alex"}),
    "stlpips_vgg": Entry("beholder.metrics.stlpips:ShiftTolerantLPIPS", {"network": "vgg"}),
    "dists": Entry("beholder.metrics.dists:DISTS"),
    "content": Entry("beholder.metrics.content:Content"),
    "gram": Entry("beholder.metrics.gram:Gram"),
    "contextual": Entry("beholder.metrics.contextual:Contextual"),
}

NO_REFERENCE_METRICS: Mapping[str, Entry] = {
    "niqe": Entry("beholder.metrics.niqe:NIQE", subject="model"),
}

_ENTRIES: Mapping[str, Entry] = {**METRICS, **NO_REFERENCE_METRICS}


def create_metric(request: str, **options: Any) -> Metric:
    """Build a metric by its catalogue name.

    Args:
        request: A name (``"lpips_vgg"``), or a name with options (``"psnr_y:border=4"``).
        **options: The metric's own options, as its class documents them.

    Returns:
        A metric: ``metric(x, y)`` scores pictures of shape (N, 3, H, W) in [0, 1] and returns (N,).

    Raises:
        UsageError: If the name or an option is unknown, or an option is given twice.
        WeightsError: If the metric needs weights that are not in the cache.
    """
    name, metric_class, arguments = _resolve(request, options)
    if name not in METRICS:
        raise UsageError(f"{name} judges a picture alone; build it with create_no_reference_metric.")
    metric: Metric = metric_class(**arguments)
    return metric


def create_no_reference_metric(request: str, **options: Any) -> NoReferenceMetric:
    """Build a metric that judges a picture alone, by its name in `NO_REFERENCE_METRICS`.

    Args:
        request: A name with its options (``"niqe:natural.safetensors"``).
        **options: The metric's own options, as its class documents them.

    Returns:
        A metric: ``metric(x)`` scores pictures of shape (N, 3, H, W) in [0, 1] and returns (N,).

    Raises:
        UsageError: If the name or an option is unknown, or an option is given twice.
        WeightsError: If its model cannot be read.
    """
    name, metric_class, arguments = _resolve(request, options)
    if name not in NO_REFERENCE_METRICS:
        raise UsageError(f"{name} compares with a reference; build it with create_metric.")
    metric: NoReferenceMetric = metric_class(**arguments)
    return metric


def describe_metric(request: str, **options: Any) -> MetricSpec:
    """The specification of a metric of either kind, without building it or loading weights."""
    _, metric_class, arguments = _resolve(request, options)
    spec: MetricSpec = metric_class.describe(**arguments)
    return spec


def list_options(name: str) -> dict[str, Any]:
    """The options of a catalogue name, each with its default; without those that the name itself stands for.

    Raises:
        UsageError: If the name is not in the catalogue.
    """
    entry = _ENTRIES[parse_request(name)[0]]
    parameters = inspect.signature(entry.load().describe).parameters
    return {key: each.default for key, each in parameters.items() if key not in entry.options}


def parse_request(request: str) -> tuple[str, dict[str, Any]]:
    """Split ``"psnr_y:border=4"`` into the name and its options; numbers, ``true`` and ``false`` are recognised.

    Raises:
        UsageError: If the name is not in the catalogue, or an option is not of the form ``key=value`` or is
            named twice.
    """
    if not isinstance(request, str):
        raise UsageError(f"the metric is {request!r}; expected its name, such as 'lpips_vgg'.")
    name, *parts = _split(request.strip(), ":")
    if name not in _ENTRIES:
        hint = did_you_mean(name.lower(), _ENTRIES)
        raise UsageError(f"there is no metric {name!r}.{hint} `beholder metrics` lists them all.")
    options: dict[str, Any] = {}
    subject = _ENTRIES[name].subject
    bare = list(itertools.takewhile(lambda part: "=" not in part, parts)) if subject else []
    if bare:
        parts = [f"{subject}={':'.join(bare)}", *parts[len(bare) :]]
    for part in parts:
        key, separator, value = part.partition("=")
        if not (key and separator and value):
            raise UsageError(
                f"{request!r}: {part!r} is no option; expected KEY=VALUE, as in psnr_y:border=4. "
                "A colon in a value is written \\:."
            )
        if key in options:
            raise UsageError(f"{request!r}: the option {key!r} is named twice; name it once.")
        options[key] = _literal(re.sub(r"\\([\\:,])", r"\1", value))
    return name, options


def split_requests(text: str) -> list[str]:
    """The requests of ``"psnr,lpips_vgg:lin=false"``, as they stand between its commas."""
    return [request.strip() for request in _split(text, ",") if request.strip()]


def _split(text: str, separator: str) -> list[str]:
    """Split at each separator that no backslash stands before; backslashes stay."""
    pieces = [""]
    for token in re.findall(r"\\?.", text, re.DOTALL):
        if token == separator:
            pieces.append("")
        else:
            pieces[-1] += token
    return pieces


def _resolve(request: str, options: Mapping[str, Any]) -> tuple[str, Any, dict[str, Any]]:
    name, requested = parse_request(request)
    # An option that the name itself stands for would make it another metric under the same name.
    allowed = list_options(name)
    for key in (*requested, *options):
        if key not in allowed:
            listed = f"its options are {', '.join(allowed)}" if allowed else "it has no options"
            raise UsageError(f"metric {name!r} has no option {key!r}; {listed}.")
        if key in requested and key in options:
            raise UsageError(f"{request!r}: the option {key!r} is given twice; give it once.")
    entry = _ENTRIES[name]
    return name, entry.load(), {**entry.options, **requested, **options}


def _literal(text: str) -> bool | int | float | str:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
