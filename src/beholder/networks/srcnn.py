"""SRCNN: three convolutions after bicubic enlarging."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from beholder.networks.enlarging import SCALES, enlarge
from beholder.networks.initialise import start_for_relu, start_without_relu
from beholder.networks.options import check_choice
from beholder.networks.restoration import RestorationNetwork

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["SRCNN"]


class SRCNN(RestorationNetwork):
    """Enlarges by bicubic interpolation, then 9x9 to 64 channels, 5x5 to 32, 5x5 to the picture.

    A ReLU after each but the last.

    Args:
        channels: 3 for RGB, 1 for luma, as in the paper.
        scale: 1, 2, 3, 4 or 8.

    Raises:
        UsageError: If an option is impossible.

    References:
        Dong et al., "Image Super-Resolution Using Deep Convolutional Networks", IEEE TPAMI 2016, arXiv:1501.00092:
        9-5-5, its largest. Deviations: enlarging, by MATLAB's rule as in the paper, is part of the network; borders
        are zeros; weights start as He et al. propose.
    """

    title = "Three convolutions after bicubic enlarging"
    paper = "Dong et al., IEEE TPAMI 2016, arXiv:1501.00092"

    def __init__(self, *, channels: int = 3, scale: int = 4) -> None:
        check_choice("scale", scale, SCALES)
        super().__init__(channels=channels, scale=scale)
        self.layers = nn.Sequential(
            nn.Conv2d(channels, 64, 9, padding=4),
            nn.ReLU(),
            nn.Conv2d(64, 32, 5, padding=2),
            nn.ReLU(),
            nn.Conv2d(32, channels, 5, padding=2),
        )
        start_for_relu(self)
        start_without_relu(self.layers[-1])

    def restore(self, x: Tensor) -> Tensor:
        """Shape (N, C, H, W) to (N, C, scale * H, scale * W)."""
        restored: Tensor = self.layers(enlarge(x, self.scale))
        return restored
