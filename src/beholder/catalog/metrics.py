"""What can be measured, by name: explicit, and loaded only when asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from beholder.catalog.requests import Entry, Shelf
from beholder.spec import Metric, MetricSpec, NoReferenceMetric, UsageError, WeightsError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "METRICS",
    "NO_REFERENCE_METRICS",
    "create_metric",
    "create_no_reference_metric",
    "describe_metric",
    "list_options",
    "name_of_file",
    "parse_request",
]

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
    "learned_lpips": Entry("beholder.metrics.learned_lpips:LearnedLPIPS", subject="file"),
    "ensemble": Entry("beholder.catalog.ensemble:SavedEnsemble", subject="file"),
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

_FORMS = {"lpips": "learned_lpips", "ensemble": "ensemble"}


def name_of_file(path: str) -> str:
    """The catalogue's name of the metric in a file.

    Raises:
        WeightsError: If the file is missing, damaged, or holds no metric.
    """
    from beholder.metrics.metric_file import tell_metric  # loads torch

    hint = did_you_mean(path.partition(":")[0].lower(), {**METRICS, **NO_REFERENCE_METRICS})
    if hint and not Path(path).exists():
        raise UsageError(f"{path}: there is no such file, and no metric of that name.{hint}")
    form = tell_metric(path).get("form")
    if form not in _FORMS:
        raise WeightsError(
            f"{path}: holds a metric of the form {form!r}; expected {' or '.join(_FORMS)}. It may want a newer Beholder."
        )
    return _FORMS[form]


_SHELF = Shelf("metric", {**METRICS, **NO_REFERENCE_METRICS}, name_of_file)


def create_metric(request: str, **options: Any) -> Metric:
    """Build a metric by its catalogue name.

    Args:
        request: A name (``"lpips_vgg"``), a name with options (``"psnr_y:border=4"``), or the path of a metric that was
            saved (``"mine.safetensors"``).
        **options: The metric's own options, as its class documents them.

    Returns:
        A metric: ``metric(x, y)`` scores pictures of shape (N, 3, H, W) in [0, 1] and returns (N,).

    Raises:
        UsageError: If the name or an option is unknown, or an option is given twice.
        WeightsError: If the metric needs weights that are not in the cache, or its file holds something else.
    """
    name, metric_class, arguments = _SHELF.resolve(request, options)
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
    name, metric_class, arguments = _SHELF.resolve(request, options)
    if name not in NO_REFERENCE_METRICS:
        raise UsageError(f"{name} compares with a reference; build it with create_metric.")
    metric: NoReferenceMetric = metric_class(**arguments)
    return metric


def describe_metric(request: str, **options: Any) -> MetricSpec:
    """The specification of a metric of either kind, without building it or loading weights."""
    _, metric_class, arguments = _SHELF.resolve(request, options)
    spec: MetricSpec = metric_class.describe(**arguments)
    return spec


def list_options(name: str) -> dict[str, Any]:
    """The options of a catalogue name, each with its default; without those that the name itself stands for.

    Raises:
        UsageError: If the name is not in the catalogue.
    """
    return _SHELF.entries[parse_request(name)[0]].list_options()


def parse_request(request: str) -> tuple[str, dict[str, Any]]:
    """Split ``"psnr_y:border=4"`` into the name and its options, see `Shelf.parse`."""
    return _SHELF.parse(request)
