"""Deep image structure and texture similarity (DISTS)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from beholder.backbones import Backbone, WeightFile, door
from beholder.ops.shapes import check_pair
from beholder.ops.strips import in_strips
from beholder.spec import MetricSpec

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["DISTS", "texture_and_structure"]

_LAYERS = ("relu1_2", "relu2_2", "relu3_3", "relu4_3", "relu5_3")
_C1 = _C2 = 1e-6
_MIN_SIZE = 17  # below, the deepest layer is one pixel, which has no structure
_STRIP = 2**16  # numbers of features


def texture_and_structure(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    r"""How far the means of each channel differ, and how little the channels vary together.

    .. math::
        1 - \frac{2 \mu_x \mu_y + c_1}{\mu_x^2 + \mu_y^2 + c_1} = \frac{(\mu_x - \mu_y)^2}{\mu_x^2 + \mu_y^2 + c_1},
        \qquad
        1 - \frac{2 \sigma_{xy} + c_2}{\sigma_x^2 + \sigma_y^2 + c_2} =
        \frac{\sigma_{x - y}^2}{\sigma_x^2 + \sigma_y^2 + c_2}

    with means and variances over the whole plane and :math:`c_1 = c_2 = 10^{-6}`. The right sides lose no digits
    where the pictures are nearly alike.

    Args:
        x: Features, shape (N, C, H, W).
        y: Features, same shape.

    Returns:
        Two of shape (N, C): in [0, 1] for features that are at least 0, and in [0, 2].
    """
    strips = in_strips(x, y, dim=2, numbers=_STRIP)
    places = x.shape[2] * x.shape[3]
    means = [
        _sum([side.sum((2, 3), keepdim=True) for side in sides]) / places
        for sides in zip(*strips, strict=True)
    ]
    compared = [_compare(*(side - mean for side, mean in zip(strip, means, strict=True))) for strip in strips]
    variances, of_difference = (_sum(each) / places for each in zip(*compared, strict=True))
    mean_x, mean_y = (mean[..., 0, 0] for mean in means)
    texture = (mean_x - mean_y).square() / (mean_x.square() + mean_y.square() + _C1)
    return texture, of_difference / (variances + _C2)


def _compare(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Sums of both squares, and of the squared difference, shape (N, C) each, of what lies around the means."""
    return x.square().sum((2, 3)) + y.square().sum((2, 3)), (x - y).square().sum((2, 3))


def _sum(parts: Sequence[Tensor]) -> Tensor:
    return torch.stack(list(parts)).sum(0)


class DISTS(nn.Module):
    r"""DISTS: differences of VGG-16 features in texture (means) and structure (covariances).

    .. math:: \sum_{ic} \alpha_{ic} (1 - l_{ic}) + \beta_{ic} (1 - s_{ic}), \qquad
        \sum_{ic} \alpha_{ic} + \beta_{ic} = 1

    over the picture itself and five layers i and their channels c; l compares the channel's means, s its variances
    and covariance, as in SSIM but over the whole plane. The network pools by the root of blurred squares.

    Raises:
        WeightsError: If weights are missing or damaged.

    References:
        Ding et al., "Image Quality Assessment: Unifying Structure and Texture Similarity", TPAMI 2020,
        doi:10.1109/TPAMI.2020.3045810, arXiv:2004.07728.
        Deviation from the authors' code: none in the formula; 1 - l and 1 - s are computed as such, so that equal
        pictures score exactly 0 and no digits are lost near it.
    """

    alpha: Tensor
    beta: Tensor
    traceable = True

    def __init__(self) -> None:
        super().__init__()
        self.spec = self.describe()
        self.backbone = Backbone("vgg16_l2", _LAYERS)
        tensors, file = door.load("dists")
        self.weights: tuple[WeightFile, ...] = (self.backbone.weights, file)
        total = tensors["alpha"].sum() + tensors["beta"].sum()
        for name in ("alpha", "beta"):
            self.register_buffer(name, tensors[name].flatten() / total, persistent=False)

    @staticmethod
    def describe() -> MetricSpec:
        """The specification of the metric."""
        return MetricSpec(
            name="dists",
            title="Differences of vgg16 features in texture and structure",
            direction="lower",
            best=0.0,
            range=(0.0, 1.124),  # the structure of every channel opposite: the betas add up to 0.124
            unit="1",
            differentiable=True,
            symmetric=True,
            min_size=_MIN_SIZE,
            paper="Ding et al., TPAMI 2020, doi:10.1109/TPAMI.2020.3045810",
            weights=("vgg16", "dists"),
        )

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Score (N, 3, H, W) pairs: shape (N,), at least 0."""
        check_pair(x, y, min_size=self.spec.min_size)
        texture, structure = zip(*self._compare_layers(x, y), strict=True)
        return torch.cat(texture, 1) @ self.alpha + torch.cat(structure, 1) @ self.beta

    def _compare_layers(self, x: Tensor, y: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        yield texture_and_structure(x, y)
        walk_y = self.backbone.walk(y)
        for _, features_x in self.backbone.walk(x):
            _, features_y = next(walk_y)
            yield texture_and_structure(features_x, features_y)
