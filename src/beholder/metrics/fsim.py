"""Feature similarity (FSIM), and with colour (FSIMc)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from beholder.ops import stable
from beholder.ops.color import mix_channels
from beholder.ops.gradients import scharr
from beholder.ops.phase_congruency import phase_congruency
from beholder.ops.shapes import check_pair
from beholder.ops.shrinking import shrink, viewing_factor
from beholder.ops.similarity import similarity, similarity_of_magnitudes, weighted_mean
from beholder.spec import MetricSpec, UsageError

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["FSIM", "fsim", "fsim_maps"]

_MIN_SIZE = 6  # one wave of the smallest filter
_T1 = 0.85
_T2 = 160 / 255**2
_T3 = 200 / 255**2
_LAMBDA = 0.03
# YIQ with the digits of the authors' code.
_LUMA = (0.299, 0.587, 0.114)
_CHROMA = ((0.596, -0.274, -0.322), (0.211, -0.523, 0.312))


def fsim_maps(x: Tensor, y: Tensor, *, chromatic: bool = False) -> tuple[Tensor, Tensor]:
    r"""Similarity of features at each place, and the place's weight.

    .. math::
        \frac{2 P_x P_y + T_1}{P_x^2 + P_y^2 + T_1} \cdot \frac{2 G_x G_y + T_2}{G_x^2 + G_y^2 + T_2} \cdot
        \left( \frac{2 I_x I_y + T_3}{I_x^2 + I_y^2 + T_3} \cdot \frac{2 Q_x Q_y + T_3}{Q_x^2 + Q_y^2 + T_3}
        \right)^{0.03}

    where P is the phase congruency and G the Scharr gradient magnitude of the luma Y, and Y, I, Q are averages
    over round(min(H, W) / 256) pixels a side; :math:`T_1 = 0.85`, :math:`T_2 = 160 / 255^2`,
    :math:`T_3 = 200 / 255^2`. The last factor is FSIMc's; of a negative product the power's real part is taken.
    The weight is the larger of :math:`P_x` and :math:`P_y`.

    Args:
        x: Distorted images, shape (N, 3, H, W), in [0, 1].
        y: Reference images, same shape.
        chromatic: Compare colour too: FSIMc.

    Returns:
        Two of shape (N, 1, h, w), H and W divided by that factor and rounded up, in [0, 1]: the similarity and
        the weight.
    """
    factor = viewing_factor(*x.shape[-2:])
    both = torch.cat([shrink(x, factor), shrink(y, factor)])
    luma = mix_channels(both, (_LUMA,))
    congruency_x, congruency_y = phase_congruency(luma).chunk(2)
    across, down = scharr(luma)
    gradient_x, gradient_y = (across * across + down * down).chunk(2)
    alike = similarity(congruency_x, congruency_y, _T1) * similarity_of_magnitudes(
        gradient_x, gradient_y, _T2
    )
    if chromatic:
        chroma_x, chroma_y = mix_channels(both, _CHROMA).chunk(2)
        colours = similarity(chroma_x, chroma_y, _T3)
        alike = alike * stable.real_power(colours[:, :1] * colours[:, 1:], _LAMBDA)
    return alike, torch.maximum(congruency_x, congruency_y)


def fsim(x: Tensor, y: Tensor, *, chromatic: bool = False) -> Tensor:
    """Feature similarity: the mean of `fsim_maps`' similarity with its weight.

    Args:
        x: Distorted images, shape (N, 3, H, W), in [0, 1], H and W at least 6.
        y: Reference images, same shape.
        chromatic: Compare colour too: FSIMc.

    Returns:
        One score per image, shape (N,), in [0, 1]; 1 means identical, higher is better. Where both images are
        flat and no place has weight, the plain mean.

    Raises:
        ShapeError: If the shapes differ, a side is shorter than 6, or ``y`` leaves [0, 1].

    References:
        Zhang, Zhang, Mou and Zhang, "FSIM: A Feature Similarity Index for Image Quality Assessment", IEEE TIP
        2011, doi:10.1109/TIP.2011.2109730. Deviations from the authors' code: roots and powers have gradient 0
        at 0, and a flat image has phase congruency 0, where theirs divides 0 by 0.
    """
    check_pair(x, y, min_size=_MIN_SIZE)
    return weighted_mean(*fsim_maps(x, y, chromatic=chromatic))


class FSIM(nn.Module):
    """FSIM or FSIMc.

    Args:
        chromatic: Compare colour too: FSIMc.

    Raises:
        UsageError: If ``chromatic`` is neither true nor false.
    """

    def __init__(self, *, chromatic: bool = False) -> None:
        super().__init__()
        self.spec = self.describe(chromatic=chromatic)
        self.chromatic = chromatic

    @staticmethod
    def describe(*, chromatic: bool = False) -> MetricSpec:
        """The specification of the metric with these options."""
        if not isinstance(chromatic, bool):
            raise UsageError(f"chromatic is {chromatic!r}; expected true or false.")
        return MetricSpec(
            name="fsimc" if chromatic else "fsim",
            title="Similarity of phase congruency, gradients" + (" and colour" if chromatic else ""),
            direction="higher",
            best=1.0,
            range=(0.0, 1.0),
            unit="1",
            differentiable=True,
            symmetric=True,
            min_size=_MIN_SIZE,
            paper="Zhang et al., IEEE TIP 2011, doi:10.1109/TIP.2011.2109730",
            map_range=(1.0, 0.0),
        )

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Score (N, 3, H, W) pairs: shape (N,), in [0, 1]."""
        return self.score_and_map(x, y)[0]

    def score_and_map(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Scores, shape (N,), and the similarity of features at each place, shape (N, 1, h, w)."""
        check_pair(x, y, min_size=self.spec.min_size)
        alike, weight = fsim_maps(x, y, chromatic=self.chromatic)
        return weighted_mean(alike, weight), alike
