"""A denoising autoencoder with the skips of a U-Net."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn.functional import interpolate, max_pool2d

from beholder.networks.initialise import shrink, start_for_relu, start_without_relu
from beholder.networks.options import check_count
from beholder.networks.restoration import RestorationNetwork

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Autoencoder"]


class Autoencoder(RestorationNetwork):
    """Two convolutions at each size, halving down and doubling up, with a skip at each size.

    Args:
        channels: 3 for RGB, 1 for luma or grey.
        width: Channels at full size; they double with each halving.
        depth: How often the picture is halved.

    Raises:
        UsageError: If an option is impossible.

    References:
        Ronneberger et al., "U-Net: Convolutional Networks for Biomedical Image Segmentation", MICCAI 2015,
        arXiv:1505.04597. Deviations: borders are zeros, so that the size stays; bilinear enlarging instead of
        transposed convolutions, which leave checkerboards (Odena et al., Distill 2016,
        doi:10.23915/distill.00003); the output is added to the input, and the last layer starts near 0, so that
        training starts from the input.
    """

    title = "U-Net, as a denoising autoencoder"
    paper = "Ronneberger et al., MICCAI 2015, arXiv:1505.04597"

    def __init__(self, *, channels: int = 3, width: int = 32, depth: int = 3) -> None:
        check_count("width", width)
        check_count("depth", depth)
        super().__init__(channels=channels, multiple=2**depth)
        widths = [width * 2**level for level in range(depth + 1)]
        self.down = nn.ModuleList(
            _two_convolutions(before, after) for before, after in pairwise([channels, *widths])
        )
        self.up = nn.ModuleList(
            _two_convolutions(small + large, large) for small, large in pairwise(reversed(widths))
        )
        self.tail = nn.Conv2d(width, channels, 1)
        start_for_relu(self)
        start_without_relu(self.tail)
        shrink(self.tail, 0.01)

    def restore(self, x: Tensor) -> Tensor:
        """Shape (N, C, H, W), sides multiples of ``2**depth``, to the same."""
        features = self.down[0](x)
        skips = []
        for level in self.down[1:]:
            skips.append(features)
            features = level(max_pool2d(features, 2))
        for level in self.up:
            larger = interpolate(features, scale_factor=2, mode="bilinear", align_corners=False)
            features = level(torch.cat([skips.pop(), larger], 1))
        restored: Tensor = x + self.tail(features)
        return restored


def _two_convolutions(before: int, after: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(after, after, 3, padding=1),
        nn.ReLU(),
    )
