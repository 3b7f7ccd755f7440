"""The libraries that a user would pick otherwise, called as their documentation says, on the same tensors.

Each function takes x (distorted) and y (reference), shape (N, 3, H, W), in [0, 1], and returns (N,).
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import piq
import torch
from skimage import color, metrics
from torch import Tensor
from torchmetrics.functional import image as torchmetrics
from torchmetrics.functional import regression
from vmaf_torch import VMAF

import network_peers
from beholder.ops.color import rgb_to_y
from beholder.ops.lab import rgb_to_lab
from lpips_peer import lpips_authors
from luma_in_libvmaf import score_luma

Peer = Callable[[Tensor, Tensor], Tensor]


def _lpips(network: str, version: str = "0.1", *, lin: bool = True) -> Peer:
    def peer(x: Tensor, y: Tensor) -> Tensor:
        return lpips_authors(network, version, lin=lin).to(x.dtype)(x, y, normalize=True).flatten()

    return peer


def _per_image(
    function: Callable[..., float], prepare: Callable[[Tensor], object], **options: object
) -> Peer:
    def peer(x: Tensor, y: Tensor) -> Tensor:
        values = [function(prepare(b), prepare(a), **options) for a, b in zip(x, y, strict=True)]
        return torch.tensor(values, dtype=torch.float64)

    return peer


def _channels_last(x: Tensor) -> object:
    return x.permute(1, 2, 0).double().numpy()


def _luma(x: Tensor) -> object:
    return color.rgb2ycbcr(_channels_last(x))[..., 0] / 255


def _ciede2000(x: Tensor, y: Tensor) -> Tensor:
    return _per_image(
        lambda a, b: color.deltaE_ciede2000(color.rgb2lab(a), color.rgb2lab(b)).mean(), _channels_last
    )(x, y)


def _torchmetrics_inside(x: Tensor, y: Tensor) -> Tensor:
    """SSIM of torchmetrics without the border of 5 pixels where its window meets mirrored pixels."""
    _, index = torchmetrics.structural_similarity_index_measure(
        x, y, data_range=1.0, reduction="none", return_full_image=True
    )
    return index[..., 5:-5, 5:-5].flatten(1).mean(1)


def _grey(x: Tensor) -> Tensor:
    """MATLAB's rgb2gray, in float64, without rounding."""
    weights = torch.tensor([0.298936021293775, 0.587043074451121, 0.114020904255103], dtype=torch.float64)
    return (x.double() * weights.view(3, 1, 1)).sum(1, keepdim=True)


def _torchmetrics_uqi(x: Tensor, y: Tensor) -> Tensor:
    """Its own means run over the batch."""
    images = zip(x.split(1), y.split(1), strict=True)
    return torch.stack([torchmetrics.universal_image_quality_index(a, b) for a, b in images])


def _ssim_grey(x: Tensor, y: Tensor) -> Tensor:
    per_image = _per_image(metrics.structural_similarity, lambda image: image[0].numpy(), **_GAUSSIAN)
    return per_image(_grey(x), _grey(y))


@functools.cache
def _vmaf_torch() -> VMAF:
    return VMAF(enable_motion=False, clip_score=True)


def _vmaf_torch_of_stills(method: str) -> Peer:
    def peer(x: Tensor, y: Tensor) -> Tensor:
        model = _vmaf_torch().to(x.dtype)
        return getattr(model, method)(255 * rgb_to_y(y), 255 * rgb_to_y(x)).flatten()

    return peer


_GAUSSIAN = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 1.0}


def _piq_sr_sim_alone(x: Tensor, y: Tensor) -> Tensor:
    images = zip(x.split(1), y.split(1), strict=True)
    return torch.cat([piq.srsim(a, b, data_range=1.0, reduction="none") for a, b in images])


# Our metric -> (peer, what it is called there, function).
PEERS: dict[str, list[tuple[str, Peer]]] = {
    "mse": [("scikit-image", _per_image(metrics.mean_squared_error, _channels_last))],
    "mae": [("torchmetrics", _per_image(regression.mean_absolute_error, Tensor.contiguous))],
    "psnr": [
        ("scikit-image", _per_image(metrics.peak_signal_noise_ratio, _channels_last, data_range=1.0)),
        ("piq", lambda x, y: piq.psnr(x, y, data_range=1.0, reduction="none")),
        (
            "torchmetrics",
            lambda x, y: torchmetrics.peak_signal_noise_ratio(
                x, y, data_range=1.0, reduction="none", dim=(1, 2, 3)
            ),
        ),
    ],
    "psnr_y": [("scikit-image", _per_image(metrics.peak_signal_noise_ratio, _luma, data_range=1.0))],
    "ssim": [("scikit-image", _ssim_grey)],
    "uqi": [
        (
            "torchmetrics, Gaussian window",
            lambda x, y: _torchmetrics_uqi(_grey(x).to(x.dtype), _grey(y).to(y.dtype)),
        )
    ],
    "uqi:channel=rgb": [("torchmetrics, Gaussian window", _torchmetrics_uqi)],
    "ms_ssim": [
        ("piq", lambda x, y: piq.multi_scale_ssim(_grey(x), _grey(y), data_range=1.0, reduction="none"))
    ],
    "ssim:channel=rgb": [
        (
            "scikit-image",
            _per_image(metrics.structural_similarity, _channels_last, channel_axis=-1, **_GAUSSIAN),
        ),
        ("piq", lambda x, y: piq.ssim(x, y, data_range=1.0, downsample=False, reduction="none")),
        (
            "torchmetrics",
            lambda x, y: torchmetrics.structural_similarity_index_measure(
                x, y, data_range=1.0, reduction="none"
            ),
        ),
        ("torchmetrics, inside", _torchmetrics_inside),
    ],
    "ms_ssim:channel=rgb": [
        ("piq", lambda x, y: piq.multi_scale_ssim(x, y, data_range=1.0, reduction="none")),
        (
            "torchmetrics",
            lambda x, y: torchmetrics.multiscale_structural_similarity_index_measure(
                x, y, data_range=1.0, reduction="none"
            ),
        ),
    ],
    "dss": [
        ("piq", lambda x, y: piq.dss(_grey(x).to(x.dtype), _grey(y).to(y.dtype), reduction="none")),
    ],
    # Its own table of sensitivities, blocks every 7 pixels, an integer transform, 8-bit luma.
    "psnr_hvs_m": [
        ("libvmaf, another table", lambda x, y: score_luma(_grey(x), _grey(y), "psnr_hvs", "psnr_hvs_y"))
    ],
    "iw_ssim": [
        (
            "piq",
            lambda x, y: piq.information_weighted_ssim(
                _grey(x).to(x.dtype), _grey(y).to(y.dtype), reduction="none"
            ),
        )
    ],
    "vif": [("piq", lambda x, y: piq.vif_p(_grey(x).to(x.dtype), _grey(y).to(y.dtype), reduction="none"))],
    "gmsd": [("piq", lambda x, y: piq.gmsd(x, y, data_range=1.0, reduction="none"))],
    "fsim": [("piq", lambda x, y: piq.fsim(x, y, data_range=1.0, chromatic=False, reduction="none"))],
    "fsimc": [("piq", lambda x, y: piq.fsim(x, y, data_range=1.0, reduction="none"))],
    "vsi": [("piq", lambda x, y: piq.vsi(x, y, data_range=1.0, reduction="none"))],
    # Its saliency is stretched over the whole batch.
    "sr_sim": [
        ("piq", lambda x, y: piq.srsim(x, y, data_range=1.0, reduction="none")),
        ("piq, image by image", _piq_sr_sim_alone),
    ],
    "ms_gmsd": [("piq", lambda x, y: piq.multi_scale_gmsd(x, y, data_range=1.0, reduction="none"))],
    "ms_gmsdc": [
        ("piq", lambda x, y: piq.multi_scale_gmsd(x, y, data_range=1.0, reduction="none", chromatic=True))
    ],
    "adm": [("vmaf-torch", _vmaf_torch_of_stills("compute_adm_score"))],
    "vmaf": [("vmaf-torch", _vmaf_torch_of_stills("forward"))],
    "mdsi": [("piq", lambda x, y: piq.mdsi(x, y, data_range=1.0, reduction="none"))],
    "haarpsi": [("piq", lambda x, y: piq.haarpsi(x, y, data_range=1.0, reduction="none"))],
    "ciede2000": [
        ("scikit-image", _ciede2000),
        (
            "scikit-image, our Lab",
            lambda x, y: _per_image(lambda a, b: color.deltaE_ciede2000(a, b).mean(), _channels_last)(
                rgb_to_lab(x.double()), rgb_to_lab(y.double())
            ),
        ),
    ],
    "lpips_alex": [("lpips", _lpips("alex"))],
    "lpips_vgg": [("lpips", _lpips("vgg"))],
    "stlpips_alex": [("stlpips-pytorch", network_peers.shift_tolerant("alex"))],
    "stlpips_vgg": [("stlpips-pytorch", network_peers.shift_tolerant("vgg"))],
    "content": [("piq", network_peers.content)],
    "gram": [("piq", network_peers.style)],
    "dists": [("DISTS-pytorch", network_peers.dists)],
    "lpips_alex:version=0.0": [("lpips", _lpips("alex", "0.0"))],
    "lpips_vgg:version=0.0": [("lpips", _lpips("vgg", "0.0"))],
    "lpips_alex:lin=false": [("lpips", _lpips("alex", lin=False))],
    "lpips_vgg:lin=false": [("lpips", _lpips("vgg", lin=False))],
    "lpips:alexnet": [("lpips", _lpips("alex", lin=False))],
}
