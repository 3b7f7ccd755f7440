"""The residual block without normalisation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn
from torch.nn.functional import relu

from beholder.networks.initialise import shrink

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["ResidualBlock"]


class ResidualBlock(nn.Module):
    """Convolution 3x3, ReLU, convolution 3x3, added to the input.

    Args:
        width: Channels.
        residual_scale: What the branch is multiplied by before it is added.

    References:
        Lim et al., CVPR Workshops 2017, arXiv:1707.02921, figure 2c.
    """

    def __init__(self, width: int, residual_scale: float = 1.0) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        self.residual_scale = residual_scale

    def start_small(self) -> None:
        """Let the branch start at a tenth, or each block would double the variance of the features."""
        shrink(self.second, 0.1)

    def forward(self, x: Tensor) -> Tensor:
        """Shape (N, width, H, W) to the same."""
        branch: Tensor = self.second(relu(self.first(x)))
        return x + (branch if self.residual_scale == 1 else self.residual_scale * branch)
