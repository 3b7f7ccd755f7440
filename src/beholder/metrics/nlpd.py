"""Normalised Laplacian pyramid distance (NLPD)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from beholder.ops import stable
from beholder.ops.color import Channel, check_channel, select_channel
from beholder.ops.pyramids import laplacian_pyramid
from beholder.ops.shapes import check_pair
from beholder.spec import MetricSpec

__all__ = ["NLPD", "nlpd"]

# Learned by the authors on the McGill photographs, for each level from the finest to the low-pass image.
_SATURATION = (0.0248, 0.0185, 0.0179, 0.0191, 0.0220, 0.2782)
# What the neighbours above, below, left, right and two to the left weigh. The authors' convolution turns their
# tables by 180 degrees.
_NEIGHBOURS = (
    (0.1015, 0.1011, 0.1460, 0.1493, 0.0072),
    (0.0837, 0.0757, 0.1846, 0.1986, 0.0),
    (0.0467, 0.0477, 0.2243, 0.2138, 0.0),
    (0.0, 0.0, 0.2616, 0.2503, 0.0),
    (0.0, 0.0, 0.2552, 0.2598, 0.0),
    (0.0, 0.0, 0.0717, 0.2215, 0.0),
)
_LEVELS = len(_SATURATION)
_MIN_SIZE = 2 ** (_LEVELS - 2) + 1  # the last down-sampling mirrors two pixels


def nlpd(x: Tensor, y: Tensor) -> Tensor:
    r"""Normalised Laplacian pyramid distance between grey images.

    A model of the early visual system: local luminance is taken out by a Laplacian pyramid, local contrast by
    dividing each coefficient by the size of its neighbours. The distance is the mean over six levels k of

    .. math:: \sqrt{\overline{\left(f_k(x) - f_k(y)\right)^2}}, \qquad
        f_k = \frac{z_k}{\sigma_k + p_k * |z_k|}

    with :math:`z_k` the levels of the pyramid and :math:`\sigma_k`, :math:`p_k` the authors' learned constants.

    Args:
        x: Distorted grey images, shape (N, 1, H, W), in [0, 1], H and W at least 17.
        y: Reference images, same shape.

    Returns:
        One distance per image, shape (N,), in [0, inf); 0 means identical, lower is better.

    Raises:
        ShapeError: If the shapes differ, a side is shorter than 17, or ``y`` leaves [0, 1].

    References:
        Laparra, Ballé, Berardino and Simoncelli, "Perceptual image quality assessment using a normalized
        Laplacian pyramid", Human Vision and Electronic Imaging 2016,
        doi:10.2352/ISSN.2470-1173.2016.16.HVEI-103.
        Deviation from the authors' code: the root has gradient 0 at 0, so the gradient at x = y is finite.
    """
    check_pair(x, y, min_size=_MIN_SIZE, channels=1)
    distances = []
    for level, band in enumerate(laplacian_pyramid(torch.cat([x, y]), _LEVELS)):
        of_x, of_y = _normalise(band, level).chunk(2)
        distances.append(stable.sqrt((of_x - of_y).square().mean((1, 2, 3))))
    return torch.stack(distances).mean(0)


def _normalise(band: Tensor, level: int) -> Tensor:
    above, below, left, right, far = _NEIGHBOURS[level]
    weights = [[0, 0, above, 0, 0], [far, left, 0, right, 0], [0, 0, below, 0, 0]]
    planes, _, height, width = band.shape
    kernel = torch.tensor(weights, dtype=band.dtype, device=band.device).expand(planes, 1, 3, 5)
    flat = band.abs().reshape(1, planes, height, width)
    # Beyond the border there is nothing to mask.
    masking = functional.conv2d(flat, kernel, padding=(1, 2), groups=planes).view_as(band)
    return band / (_SATURATION[level] + masking)


class NLPD(nn.Module):
    """NLPD on grey levels.

    Args:
        channel: ``"grey"``, ``"grey8"`` (rounded to 8 bits as MATLAB's ``rgb2gray`` does) or ``"y"``.

    Raises:
        UsageError: If ``channel`` is unknown.
    """

    def __init__(self, channel: Channel = "grey") -> None:
        super().__init__()
        self.spec = self.describe(channel)
        self.channel = channel

    @staticmethod
    def describe(channel: Channel = "grey") -> MetricSpec:
        """The specification of the metric with these options."""
        check_channel(channel, ("grey", "grey8", "y"))
        return MetricSpec(
            name="nlpd",
            title="Distance after taking out local luminance and contrast",
            direction="lower",
            best=0.0,
            range=(0.0, float("inf")),
            unit="1",
            differentiable=True,
            symmetric=True,
            min_size=_MIN_SIZE,
            paper="Laparra et al., HVEI 2016, doi:10.2352/ISSN.2470-1173.2016.16.HVEI-103",
        )

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Score (N, 3, H, W) pairs: shape (N,), in [0, inf)."""
        check_pair(x, y, min_size=self.spec.min_size)
        return nlpd(select_channel(x, self.channel), select_channel(y, self.channel))
