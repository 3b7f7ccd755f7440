"""Spectral residual based similarity (SR-SIM)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from beholder.ops.color import mix_channels
from beholder.ops.gradients import scharr
from beholder.ops.saliency import spectral_residual
from beholder.ops.shapes import check_pair
from beholder.ops.shrinking import shrink, viewing_factor
from beholder.ops.similarity import similarity, similarity_of_magnitudes, weighted_mean
from beholder.spec import MetricSpec

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["SR_SIM", "sr_sim", "sr_sim_maps"]

_MIN_SIZE = 9  # its quarter holds the 3x3 frequencies that are averaged
_C1 = 0.4
_C2 = 225 / 255**2
_LUMA = (0.299, 0.587, 0.114)


def sr_sim_maps(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    r"""Similarity of saliency and gradients at each place, and the place's weight.

    .. math::
        \frac{2 R_x R_y + C_1}{R_x^2 + R_y^2 + C_1} \sqrt{\frac{2 G_x G_y + C_2}{G_x^2 + G_y^2 + C_2}},
        \qquad C_1 = 0.4, \quad C_2 = 225 / 255^2

    where R is the saliency by `ops.saliency.spectral_residual` and G the Scharr gradient magnitude of the luma,
    averaged over round(min(H, W) / 256) pixels a side. The weight is the larger of :math:`R_x` and :math:`R_y`.

    Args:
        x: Distorted images, shape (N, 3, H, W), in [0, 1].
        y: Reference images, same shape.

    Returns:
        Two of shape (N, 1, h, w), H and W divided by that factor and rounded up: the similarity, in (0, 1], and
        the weight, in [0, 1] but for a little overshoot.
    """
    factor = viewing_factor(*x.shape[-2:])
    luma = mix_channels(torch.cat([shrink(x, factor), shrink(y, factor)]), (_LUMA,))
    saliency_x, saliency_y = spectral_residual(luma).chunk(2)
    across, down = scharr(luma)
    gradient_x, gradient_y = (across * across + down * down).chunk(2)
    alike = (
        similarity(saliency_x, saliency_y, _C1) * similarity_of_magnitudes(gradient_x, gradient_y, _C2).sqrt()
    )
    return alike, torch.maximum(saliency_x, saliency_y)


def sr_sim(x: Tensor, y: Tensor) -> Tensor:
    """Spectral residual based similarity: the mean of `sr_sim_maps`' similarity with its weight.

    Args:
        x: Distorted images, shape (N, 3, H, W), in [0, 1], H and W at least 9.
        y: Reference images, same shape.

    Returns:
        One score per image, shape (N,), in [0, 1]; 1 means identical, higher is better.

    Raises:
        ShapeError: If the shapes differ, a side is shorter than 9, or ``y`` leaves [0, 1].

    References:
        Zhang and Li, "SR-SIM: A Fast and High Performance IQA Index Based on Spectral Residual", ICIP 2012,
        doi:10.1109/ICIP.2012.6467149. Deviation from the authors' code: the logarithm of the spectrum has a
        floor, far below what 8-bit pictures hold.
    """
    check_pair(x, y, min_size=_MIN_SIZE)
    return weighted_mean(*sr_sim_maps(x, y))


class SR_SIM(nn.Module):  # noqa: N801 -- the field's spelling
    """SR-SIM on luma."""

    def __init__(self) -> None:
        super().__init__()
        self.spec = self.describe()

    @staticmethod
    def describe() -> MetricSpec:
        """The specification of the metric."""
        return MetricSpec(
            name="sr_sim",
            title="Similarity of spectral residual saliency and gradients",
            direction="higher",
            best=1.0,
            range=(0.0, 1.0),
            unit="1",
            differentiable=True,
            symmetric=True,
            min_size=_MIN_SIZE,
            paper="Zhang and Li, ICIP 2012, doi:10.1109/ICIP.2012.6467149",
            map_range=(1.0, 0.0),
        )

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Score (N, 3, H, W) pairs: shape (N,), in [0, 1]."""
        return self.score_and_map(x, y)[0]

    def score_and_map(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Scores, shape (N,), and the similarity at each place, shape (N, 1, h, w)."""
        check_pair(x, y, min_size=self.spec.min_size)
        alike, weight = sr_sim_maps(x, y)
        return weighted_mean(alike, weight), alike
