"""AR-CNN: four convolutions against the artefacts of JPEG."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from beholder.networks.initialise import start_for_relu, start_without_relu
from beholder.networks.restoration import RestorationNetwork

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["ARCNN"]


class ARCNN(RestorationNetwork):
    """Feature extraction 9x9 to 64 channels, enhancement 7x7 to 32, mapping 1x1 to 16, reconstruction 5x5.

    A ReLU after each but the last.

    Args:
        channels: 3 for RGB, 1 for luma, as in the paper.

    Raises:
        UsageError: If ``channels`` is impossible.

    References:
        Dong et al., "Compression Artifacts Reduction by a Deep Convolutional Network", ICCV 2015, arXiv:1504.06993.
        Deviations: borders are zeros, so that the size stays, where the paper cuts them; weights start as
        He et al. propose.
    """

    title = "Four convolutions, against JPEG"
    paper = "Dong et al., ICCV 2015, arXiv:1504.06993"

    def __init__(self, *, channels: int = 3) -> None:
        super().__init__(channels=channels)
        self.layers = nn.Sequential(
            nn.Conv2d(channels, 64, 9, padding=4),
            nn.ReLU(),
            nn.Conv2d(64, 32, 7, padding=3),
            nn.ReLU(),
            nn.Conv2d(32, 16, 1),
            nn.ReLU(),
            nn.Conv2d(16, channels, 5, padding=2),
        )
        start_for_relu(self)
        start_without_relu(self.layers[-1])

    def restore(self, x: Tensor) -> Tensor:
        """Shape (N, C, H, W) to the same."""
        restored: Tensor = self.layers(x)
        return restored
