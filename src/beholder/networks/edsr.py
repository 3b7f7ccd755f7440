"""EDSR: residual blocks at low resolution, pixel shuffle at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from beholder.networks.enlarging import SCALES, enlarge, start_shuffles, upsampler
from beholder.networks.initialise import shrink, start_for_relu, start_without_relu
from beholder.networks.options import check_choice, check_count, check_positive
from beholder.networks.residual import ResidualBlock
from beholder.networks.restoration import RestorationNetwork

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["EDSR"]


class EDSR(RestorationNetwork):
    """Residual blocks without normalisation, a long skip round them, then pixel shuffles.

    SRResNet without its batch normalisation. The defaults are the paper's baseline; its large network has width 256,
    32 blocks and ``residual_scale`` 0.1.

    Args:
        channels: 3 for RGB, 1 for luma.
        scale: 1, 2, 3, 4 or 8; 1 restores without enlarging.
        width: Channels of the features.
        blocks: Number of residual blocks.
        residual_scale: What each block's branch is multiplied by; below 1 wide networks train stably.

    Raises:
        UsageError: If an option is impossible.

    References:
        Lim et al., "Enhanced Deep Residual Networks for Single Image Super-Resolution", CVPR Workshops 2017,
        arXiv:1707.02921; Ledig et al., CVPR 2017, arXiv:1609.04802. Deviations: the network adds to the bicubically
        enlarged input, and its last layer starts near 0, so that training starts from bicubic enlarging; no mean
        colour is subtracted, which that makes needless; convolutions before a shuffle start as nearest-neighbour
        enlarging (Aitken et al., arXiv:1707.02937).
    """

    title = "Residual blocks without normalisation, then pixel shuffles"
    paper = "Lim et al., CVPR Workshops 2017, arXiv:1707.02921"

    def __init__(
        self,
        *,
        channels: int = 3,
        scale: int = 4,
        width: int = 64,
        blocks: int = 16,
        residual_scale: float = 1.0,
    ) -> None:
        check_choice("scale", scale, SCALES)
        check_count("width", width)
        check_count("blocks", blocks)
        check_positive("residual_scale", residual_scale)
        super().__init__(channels=channels, scale=scale)
        self.head = nn.Conv2d(channels, width, 3, padding=1)
        residuals = [ResidualBlock(width, residual_scale) for _ in range(blocks)]
        self.body = nn.Sequential(*residuals, nn.Conv2d(width, width, 3, padding=1))
        self.enlarging = upsampler(width, scale, "shuffle")
        self.tail = nn.Conv2d(width, channels, 3, padding=1)
        start_for_relu(self)
        start_without_relu(self.head, self.body[-1], *self.enlarging, self.tail)
        for block in residuals:
            block.start_small()
        start_shuffles(self.enlarging)
        shrink(self.tail, 0.01)

    def restore(self, x: Tensor) -> Tensor:
        """Shape (N, C, H, W) to (N, C, scale * H, scale * W)."""
        features = self.head(x)
        features = features + self.body(features)
        restored: Tensor = enlarge(x, self.scale) + self.tail(self.enlarging(features))
        return restored
