"""Visual saliency-induced index (VSI)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from beholder.ops import stable
from beholder.ops.color import mix_channels
from beholder.ops.gradients import scharr
from beholder.ops.saliency import simple_priors
from beholder.ops.shapes import check_pair
from beholder.ops.shrinking import shrink, viewing_factor
from beholder.ops.similarity import similarity, similarity_of_magnitudes, weighted_mean
from beholder.spec import MetricSpec

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["VSI", "vsi", "vsi_maps"]

_MIN_SIZE = 3  # the gradient operator's
_C1 = 1.27
_C2 = 386 / 255**2
_C3 = 130 / 255**2
_ALPHA = 0.4
_BETA = 0.02
_LMN = ((0.06, 0.63, 0.27), (0.30, 0.04, -0.35), (0.34, -0.60, 0.17))


def vsi_maps(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    r"""Similarity of saliency, gradients and colour at each place, and the place's weight.

    .. math::
        \frac{2 V_x V_y + C_1}{V_x^2 + V_y^2 + C_1} \cdot
        \left( \frac{2 G_x G_y + C_2}{G_x^2 + G_y^2 + C_2} \right)^{0.4} \cdot
        \left( \frac{2 M_x M_y + C_3}{M_x^2 + M_y^2 + C_3} \cdot \frac{2 N_x N_y + C_3}{N_x^2 + N_y^2 + C_3}
        \right)^{0.02}

    where V is the saliency by `ops.saliency.simple_priors`, L, M and N are opponent colours, G is the Scharr
    gradient magnitude of L, and all are averages over round(min(H, W) / 256) pixels a side; :math:`C_1 = 1.27`,
    :math:`C_2 = 386 / 255^2`, :math:`C_3 = 130 / 255^2`. Of a negative product the power's real part is taken.
    The weight is the larger of :math:`V_x` and :math:`V_y`.

    Args:
        x: Distorted images, shape (N, 3, H, W), in [0, 1].
        y: Reference images, same shape.

    Returns:
        Two of shape (N, 1, h, w), H and W divided by that factor and rounded up, in [0, 1]: the similarity and
        the weight.
    """
    factor = viewing_factor(*x.shape[-2:])
    saliency_x, saliency_y = (shrink(simple_priors(image), factor) for image in (x, y))
    opponents = mix_channels(torch.cat([shrink(x, factor), shrink(y, factor)]), _LMN)
    across, down = scharr(opponents[:, :1])
    gradient_x, gradient_y = (across * across + down * down).chunk(2)
    chroma_x, chroma_y = opponents[:, 1:].chunk(2)
    colours = similarity(chroma_x, chroma_y, _C3)
    alike = (
        similarity(saliency_x, saliency_y, _C1)
        * similarity_of_magnitudes(gradient_x, gradient_y, _C2) ** _ALPHA
        * stable.real_power(colours[:, :1] * colours[:, 1:], _BETA)
    )
    return alike, torch.maximum(saliency_x, saliency_y)


def vsi(x: Tensor, y: Tensor) -> Tensor:
    """Visual saliency-induced index: the mean of `vsi_maps`' similarity with its weight.

    Args:
        x: Distorted images, shape (N, 3, H, W), in [0, 1], H and W at least 3.
        y: Reference images, same shape.

    Returns:
        One score per image, shape (N,), in [0, 1]; 1 means identical, higher is better. Where both images are
        flat and no place has weight, the plain mean.

    Raises:
        ShapeError: If the shapes differ, a side is shorter than 3, or ``y`` leaves [0, 1].

    References:
        Zhang, Shen and Li, "VSI: A Visual Saliency-Induced Index for Perceptual Image Quality Assessment", IEEE
        TIP 2014, doi:10.1109/TIP.2014.2346028. Deviations from the authors' code: roots and powers have gradient
        0 at 0, and a flat image has saliency 0, where theirs divides 0 by 0.
    """
    check_pair(x, y, min_size=_MIN_SIZE)
    return weighted_mean(*vsi_maps(x, y))


class VSI(nn.Module):
    """VSI on RGB."""

    def __init__(self) -> None:
        super().__init__()
        self.spec = self.describe()

    @staticmethod
    def describe() -> MetricSpec:
        """The specification of the metric."""
        return MetricSpec(
            name="vsi",
            title="Similarity of visual saliency, gradients and colour",
            direction="higher",
            best=1.0,
            range=(0.0, 1.0),
            unit="1",
            differentiable=True,
            symmetric=True,
            min_size=_MIN_SIZE,
            paper="Zhang et al., IEEE TIP 2014, doi:10.1109/TIP.2014.2346028",
            map_range=(1.0, 0.0),
        )

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Score (N, 3, H, W) pairs: shape (N,), in [0, 1]."""
        return self.score_and_map(x, y)[0]

    def score_and_map(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Scores, shape (N,), and the similarity at each place, shape (N, 1, h, w)."""
        check_pair(x, y, min_size=self.spec.min_size)
        alike, weight = vsi_maps(x, y)
        return weighted_mean(alike, weight), alike
