"""Additive distortion measure (ADM): lost detail, apart from what was added, as VMAF weighs it."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from beholder.ops import stable
from beholder.ops.color import rgb_to_y
from beholder.ops.shapes import check_pair
from beholder.ops.sums import centre, total
from beholder.ops.wavelets import split_bands
from beholder.spec import MetricSpec

__all__ = ["ADM", "ADM_MIN_SIZE", "AdmScores", "adm_scores", "luma_around_mean"]

ADM_MIN_SIZE = 17  # the coarsest band is then 2 pixels a side
_SCALES = 4
_BORDER = 0.1  # share of each side that is left out of the sums
_NOISE = 1 / 32
_TAN2_OF_ONE_DEGREE = math.tan(math.radians(1)) ** 2

# Watson et al., "Visibility of Wavelet Quantization Noise", IEEE TIP 1997: equations 1, 7 and 9 with the values
# for luma (Table IV) and the amplitudes of the 7/9 wavelet by level (Table V), for a screen of 1080 lines seen
# from 3 of its heights.
_A, _K, _F0 = 0.495, 0.466, 0.401
_G_EDGE, _G_DIAGONAL = 1.0, 0.534
_AMPLITUDE_EDGE = (0.67234, 0.41317, 0.22727, 0.11792)
_AMPLITUDE_DIAGONAL = (0.72709, 0.49428, 0.28688, 0.15214)
_PIXELS_PER_DEGREE = 3 * 1080 * math.pi / 180


class AdmScores(NamedTuple):
    """What ADM tells of each picture; each of shape (N,).

    Attributes:
        detail: Share of the visible detail that is left ("DLM", in libvmaf "adm2"); 1 when nothing is lost.
        additive: Visible detail that the original does not have, over the original's own ("aim"); 0 for none.
        scales: ``detail`` of the four scales, finest first.
    """

    detail: Tensor
    additive: Tensor
    scales: tuple[Tensor, ...]


def adm_scores(x: Tensor, y: Tensor, *, gain_limit: float = 100.0) -> AdmScores:
    r"""Detail that is left and impairment that was added, between luma planes.

    Four levels of Daubechies' wavelet split both pictures into bands. In each, the coefficient :math:`t` of the
    distorted picture is the sum of restored detail :math:`r` and an additive rest :math:`a`, with the
    original's :math:`o`:

    .. math:: r = \text{clip}(t, 0, o), \qquad a = t - r

    where o is first enlarged by ``gain_limit`` if the gradients (horizontal and vertical band) of both pictures
    differ by less than one degree: such a place only gained contrast. After weighting with the eye's
    sensitivity to each band (Watson), a mean of the other part's magnitudes in 3x3 places and three bands
    masks each part:

    .. math:: r' = \max(|r| - \tfrac{1}{30} \Sigma |a|, 0), \qquad
        \text{detail} = \frac{\sum \|r'\|_3 + \nu}{\sum \|o\|_3 + \nu}

    with norms over the inner 80 % of each band and :math:`\nu = (\text{pixels} / 32)^{1/3}`; the additive part
    has a and r in exchanged places and no :math:`\nu` above.

    Args:
        x: Distorted luma, shape (N, 1, H, W), in [0, 255], H and W at least 17.
        y: Reference luma, same shape.
        gain_limit: Largest gain of contrast that counts as detail, at least 1.

    References:
        Li, Zhang, Ma, Ngan, "Image Quality Assessment by Separately Evaluating Detail Losses and Additive
        Impairments", IEEE TMM 2011, doi:10.1109/TMM.2011.2152382; as in libvmaf's ``float_adm``.
        Deviation from libvmaf: none in the score; roots have gradient 0 at 0.
    """
    details, additives, originals = [], [], []
    # Bands do not change with a constant; around the mean they lose fewer digits.
    planes = torch.cat([x, y]) - centre(y).repeat(2, 1, 1, 1)
    for scale in range(_SCALES):
        planes, bands = split_bands(planes)
        distorted, own = bands.chunk(2)
        detail, additive, original = _scale_norms(distorted, own, scale, gain_limit)
        details.append(detail)
        additives.append(additive)
        originals.append(original)
    everything = torch.stack(originals).sum(0)
    return AdmScores(
        (torch.stack(details).sum(0) / everything).to(x),
        (torch.stack(additives).sum(0) / everything).to(x),
        tuple((detail / original).to(x) for detail, original in zip(details, originals, strict=True)),
    )


def _scale_norms(
    distorted: Tensor, original: Tensor, scale: int, gain_limit: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Norms of restored detail, additive impairment and original, added over the three bands, shape (N,)."""
    rows, columns = (_margin(size) for size in original.shape[-2:])
    distorted, original = _inside(distorted, rows - 1, columns - 1), _inside(original, rows - 1, columns - 1)
    weights = torch.tensor(_band_weights(scale), dtype=original.dtype, device=original.device).view(
        1, 3, 1, 1
    )
    distorted, original = distorted * weights, original * weights
    limit = torch.where(_same_direction(distorted, original), gain_limit, 1.0) * original
    # clip(t, 0, limit), also where the limit is negative.
    restored = distorted.clamp(limit.clamp(max=0), limit.clamp(min=0))
    additive = distorted - restored
    restored, additive = restored.abs(), additive.abs()
    margins = (min(rows, 1), min(columns, 1))
    # libvmaf sums without the border; where the border has no pixel, the masking looks at a mirrored one.
    kept = _inside(restored, *margins) - _mask(additive, rows, columns)
    added = _inside(additive, *margins) - _mask(restored, rows, columns)
    floor = 3 * (kept[0, 0].numel() * _NOISE) ** (1 / 3)
    own = _inside(original, *margins).abs()
    return _norm(functional.relu(kept)) + floor, _norm(functional.relu(added)), _norm(own) + floor


def _margin(size: int) -> int:
    return max(int(size * _BORDER - 0.5), 0)


def _inside(bands: Tensor, rows: int, columns: int) -> Tensor:
    rows, columns = max(rows, 0), max(columns, 0)
    return bands[..., rows : bands.shape[-2] - rows, columns : bands.shape[-1] - columns]


def _band_weights(scale: int) -> tuple[float, float, float]:
    """Sensitivity to a coefficient: one over the quantisation step that is just visible."""

    def step(gain: float, amplitude: float) -> float:
        octaves = math.log10(2 ** (scale + 1) * _F0 * gain / _PIXELS_PER_DEGREE)
        return float(2 * _A * 10 ** (_K * octaves**2) / amplitude)

    edge = 1 / step(_G_EDGE, _AMPLITUDE_EDGE[scale])
    return edge, edge, 1 / step(_G_DIAGONAL, _AMPLITUDE_DIAGONAL[scale])


def _same_direction(distorted: Tensor, original: Tensor) -> Tensor:
    """Where the vectors of horizontal and vertical band differ by less than one degree, shape (N, 1, h, w)."""
    x, y = distorted.detach(), original.detach()
    across = x[:, :1] * y[:, 1:2] - x[:, 1:2] * y[:, :1]
    along = x[:, :1] * y[:, :1] + x[:, 1:2] * y[:, 1:2]
    # Their cosine, which libvmaf compares, is so flat near 0 that float32 cannot tell 1 degree from 1.0003.
    return (along >= 0) & (across * across <= _TAN2_OF_ONE_DEGREE * along * along)


def _mask(magnitudes: Tensor, rows: int, columns: int) -> Tensor:
    """Masking by a part's magnitudes: 3x3 places, the middle twice, of all three bands; shape (N, 1, h, w)."""
    together = magnitudes.sum(1, keepdim=True)
    middle = _inside(together, min(rows, 1), min(columns, 1))
    for dim, margin in ((-2, rows), (-1, columns)):
        if margin == 0:
            size = together.shape[dim]
            together = torch.cat(
                [together.narrow(dim, 1, 1), together, together.narrow(dim, size - 1, 1)], dim
            )
    return (functional.avg_pool2d(together, 3, stride=1) * 9 + middle) / 30


def _norm(bands: Tensor) -> Tensor:
    return stable.cbrt(total(bands * bands * bands, (-2, -1))).sum(1)


def luma_around_mean(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """BT.601 luma of pictures in 8-bit steps (studio swing), less a constant per pair: what VMAF's features need.

    Args:
        x: Distorted pictures, shape (N, 3, H, W), in [0, 1].
        y: Reference pictures, same shape.

    Returns:
        Shapes (N, 1, H, W). Bright light has few digits left for faint detail, so the reference's mean goes first.
    """
    # A sum in another order would move every score by its last digits.
    x, y = x.contiguous(), y.contiguous()
    mean = centre(y)
    return 255 * rgb_to_y(x - mean), 255 * rgb_to_y(y - mean)


class ADM(nn.Module):
    """ADM between still pictures, on their BT.601 luma: the share of visible detail that is left."""

    def __init__(self) -> None:
        super().__init__()
        self.spec = self.describe()

    @staticmethod
    def describe() -> MetricSpec:
        """The specification of the metric."""
        return MetricSpec(
            name="adm",
            title="Share of visible detail that is left, apart from what was added",
            direction="higher",
            best=1.0,
            range=(0.0, math.inf),
            unit="1",
            differentiable=True,
            symmetric=False,
            min_size=ADM_MIN_SIZE,
            paper="Li et al., IEEE TMM 2011, doi:10.1109/TMM.2011.2152382",
        )

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Score (N, 3, H, W) pairs: shape (N,), at least 0; 1 where no detail is lost, above 1 where it grew."""
        check_pair(x, y, min_size=self.spec.min_size)
        return adm_scores(*luma_around_mean(x, y)).detail
