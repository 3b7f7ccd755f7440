"""Mean deviation similarity index (MDSI)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from beholder.ops import stable
from beholder.ops.color import mix_channels
from beholder.ops.gradients import prewitt
from beholder.ops.shapes import check_pair
from beholder.ops.shrinking import shrink, viewing_factor
from beholder.spec import MetricSpec

__all__ = ["MDSI", "mdsi", "mdsi_difference"]

_MIN_SIZE = 2  # a deviation needs two pixels
_C1 = 140 / 255**2
_C2 = 55 / 255**2
_C3 = 550 / 255**2
_ALPHA = 0.6
_LUMA = (0.2989, 0.5870, 0.1140)
_CHROMA = ((0.30, 0.04, -0.35), (0.34, -0.60, 0.17))  # H and M of the Gaussian colour model
_SLANT = math.sqrt(0.5)  # cosine and sine of 45 degrees


def mdsi_difference(x: Tensor, y: Tensor) -> Tensor:
    r"""How far the gradient-chromaticity similarity GCS is from 1, at each place.

    .. math::
        \operatorname{GCS} = 0.6 \left( S_1(m_x, m_y) + S_2(m_x, m_f) - S_2(m_y, m_f) \right)
        + 0.4 \frac{2 (H_x H_y + M_x M_y) + C_3}{H_x^2 + H_y^2 + M_x^2 + M_y^2 + C_3},
        \qquad S_i(a, b) = \frac{2 a b + C_i}{a^2 + b^2 + C_i}

    where m is the Prewitt gradient magnitude of the luminance, f the mean of both luminances, and H, M are
    colours, all after averaging over round(min(H, W) / 256) pixels a side;
    :math:`C = (140, 55, 550) / 255^2`. Beyond the border the image counts as 0, as in the authors' code.

    Args:
        x: Distorted images, shape (N, 3, H, W), in [0, 1].
        y: Reference images, same shape.

    Returns:
        :math:`1 - \operatorname{GCS}`, shape (N, 1, h, w), H and W divided by that factor and rounded up; 0
        where the pictures agree. It may be a little below 0, and above 1 where colours are opposite.
    """
    both = shrink(torch.cat([x, y]), viewing_factor(*x.shape[-2:]))
    across, down = prewitt(mix_channels(both, (_LUMA,)))
    # The operator is linear: the mean picture's change is the mean of the changes.
    across = torch.cat([across, (across[: len(x)] + across[len(x) :]) / 2])
    down = torch.cat([down, (down[: len(x)] + down[len(x) :]) / 2])
    squared = across * across + down * down
    magnitude = stable.nonzero_sqrt(squared)
    (x_squared, y_squared, f_squared), (x_root, y_root, f_root) = squared.chunk(3), magnitude.chunk(3)
    # 1 - S keeps more digits than S.
    gradients = (
        (x_root - y_root).square() / (x_squared + y_squared + _C1)
        + (x_root - f_root).square() / (x_squared + f_squared + _C2)
        - (y_root - f_root).square() / (y_squared + f_squared + _C2)
    )
    colour_x, colour_y = mix_channels(both, _CHROMA).chunk(2)
    colours = (colour_x - colour_y).square().sum(1, keepdim=True) / (
        (colour_x * colour_x + colour_y * colour_y).sum(1, keepdim=True) + _C3
    )
    return _ALPHA * gradients + (1 - _ALPHA) * colours


def mdsi(x: Tensor, y: Tensor) -> Tensor:
    r"""Mean deviation similarity index.

    .. math:: \left( \operatorname{mean} \left| \operatorname{GCS}^{1/4} -
        \operatorname{mean} \operatorname{GCS}^{1/4} \right| \right)^{1/4}

    with the GCS of `mdsi_difference`; the root of a negative number is complex.

    Args:
        x: Distorted images, shape (N, 3, H, W), in [0, 1], H and W at least 2.
        y: Reference images, same shape.

    Returns:
        One deviation per image, shape (N,), in [0, 1); 0 means identical, lower is better. Not symmetric: the
        mean picture's gradient is compared with each picture's in its own way.

    Raises:
        ShapeError: If the shapes differ, a side is shorter than 2, or ``y`` leaves [0, 1].

    References:
        Nafchi et al., "Mean Deviation Similarity Index: Efficient and Reliable Full-Reference Image Quality
        Evaluator", IEEE Access 2016, doi:10.1109/ACCESS.2016.2604042, with its default, the weighted sum.
        Deviation from the authors' code: roots have gradient 0 at 0, so the gradient at x = y is finite.
    """
    check_pair(x, y, min_size=_MIN_SIZE)
    return _deviation(mdsi_difference(x, y))


def _deviation(difference: Tensor) -> Tensor:
    difference = difference.flatten(1)
    similarity = 1 - difference
    root = stable.nonzero_sqrt(similarity.abs())
    fourth = root.sqrt()
    negative = similarity < 0
    # Less 1, so that faint differences keep their digits.
    real = torch.where(negative, _SLANT * fourth - 1, -difference / ((root + 1) * (fourth + 1)))
    imaginary = torch.where(negative, _SLANT * fourth, 0)
    real = real - real.mean(1, keepdim=True)
    imaginary = imaginary - imaginary.mean(1, keepdim=True)
    deviation = stable.sqrt(real * real + imaginary * imaginary).mean(1)
    return stable.sqrt(stable.sqrt(deviation))


class MDSI(nn.Module):
    """MDSI, on RGB."""

    def __init__(self) -> None:
        super().__init__()
        self.spec = self.describe()

    @staticmethod
    def describe() -> MetricSpec:
        """The specification of the metric."""
        return MetricSpec(
            name="mdsi",
            title="Spread of the similarity of gradients and colours",
            direction="lower",
            best=0.0,
            range=(0.0, 1.0),
            unit="1",
            differentiable=True,
            symmetric=False,
            min_size=_MIN_SIZE,
            paper="Nafchi et al., IEEE Access 2016, doi:10.1109/ACCESS.2016.2604042",
            map_range=(1.0, 0.0),
        )

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Score (N, 3, H, W) pairs: shape (N,), in [0, 1)."""
        return self.score_and_map(x, y)[0]

    def score_and_map(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Scores, shape (N,), and the gradient-chromaticity similarity, shape (N, 1, h, w)."""
        check_pair(x, y, min_size=self.spec.min_size)
        difference = mdsi_difference(x, y)
        return _deviation(difference), 1 - difference
