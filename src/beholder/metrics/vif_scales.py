"""Visual information fidelity in the pixel domain at four scales, apart, as VMAF takes it."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from beholder.ops.filters import filter_separable, gaussian_kernel
from beholder.ops.sums import centre, total

__all__ = ["vif_scales"]

_WINDOWS = (17, 9, 5, 3)  # pixels at each scale; the Gaussian's deviation is a fifth
_NOISE = 2.0  # variance of the eye's own noise
_PIXELS_AT_ONCE = 2**18
_FLAT_LOSS = 4 / 255**2  # information that each unit of variance costs where the original is flat


def vif_scales(x: Tensor, y: Tensor, *, gain_limit: float = 100.0) -> tuple[Tensor, ...]:
    r"""Information about the original that an eye gets from the distorted picture, over that from the original.

    At each scale, with variances and covariance in a Gaussian window,

    .. math:: \frac{\sum \log_2 \left(1 + g^2 \sigma_y^2 / (\sigma_v^2 + 2)\right)}
        {\sum \log_2 \left(1 + \sigma_y^2 / 2\right)},
        \qquad g = \max(\sigma_{xy}, 0) / \sigma_y^2, \quad \sigma_v^2 = \sigma_x^2 - g \sigma_{xy}

    Where :math:`\sigma_y^2 < 2` the original counts as flat: 1 below, :math:`1 - 4 \sigma_x^2 / 255^2` above.
    The next scale is filtered with its own window and halved.

    Args:
        x: Distorted luma, shape (N, 1, H, W), in [0, 255], H and W at least 16.
        y: Reference luma, same shape.
        gain_limit: Largest g that counts, at least 1.

    Returns:
        Four scores per image, finest scale first, each of shape (N,). About 1 when the pictures are equal, a
        little less where they are flat; more where contrast grew.

    References:
        Sheikh and Bovik, "Image Information and Visual Quality", IEEE TIP 2006, doi:10.1109/TIP.2005.859378;
        as in libvmaf's ``float_vif``. Deviation from libvmaf: none in the score.
    """
    # So many pictures at once as a processor's cache holds.
    images = max(1, _PIXELS_AT_ONCE // y[0].numel())
    starts = range(0, len(x), images)
    parts = [_chunk_scales(x[i : i + images], y[i : i + images], gain_limit) for i in starts]
    return tuple(torch.cat(scores) for scores in zip(*parts, strict=True))


def _chunk_scales(x: Tensor, y: Tensor, gain_limit: float) -> list[Tensor]:
    # Variances do not change with a constant; around the mean their difference of squares loses fewer digits.
    planes = torch.cat([x, y], 1) - centre(y)
    scores = []
    for scale, size in enumerate(_WINDOWS):
        kernel = gaussian_kernel(size, size / 5, planes)
        if scale:
            height, width = planes.shape[-2:]
            smooth = _filter(planes, kernel)
            planes = smooth[..., : height // 2 * 2 : 2, : width // 2 * 2 : 2]
        scores.append(_fidelity(planes, kernel, gain_limit))
    return scores


def _filter(planes: Tensor, kernel: Tensor) -> Tensor:
    border = len(kernel) // 2
    return filter_separable(functional.pad(planes, (border,) * 4, mode="reflect"), kernel)


def _fidelity(planes: Tensor, kernel: Tensor, gain_limit: float) -> Tensor:
    x, y = planes.chunk(2, 1)
    filtered = _filter(torch.cat([planes, planes * planes, x * y], 1), kernel)
    mean_x, mean_y, square_x, square_y, product = filtered.chunk(5, 1)
    variance_x = (square_x - mean_x * mean_x).clamp(min=0)
    variance_y = (square_y - mean_y * mean_y).clamp(min=0)
    covariance = (product - mean_x * mean_y).clamp(min=0)
    flat = variance_y < _NOISE
    textured_y = torch.where(flat, 1, variance_y)
    gain = covariance / textured_y
    distortion = (variance_x - gain * covariance).clamp(min=0)
    gain = gain.clamp(max=gain_limit)
    seen = torch.log2(1 + gain * gain * textured_y / (distortion + _NOISE))
    kept = torch.where(flat, 1 - _FLAT_LOSS * variance_x, seen)
    all_there = torch.where(flat, 1, torch.log2(1 + textured_y / _NOISE))
    return (total(kept, (1, 2, 3)) / total(all_there, (1, 2, 3))).to(x)
