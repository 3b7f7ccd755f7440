"""RRDBNet: the generator of ESRGAN."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import torch
from torch import nn
from torch.nn.functional import leaky_relu

from beholder.networks.enlarging import SCALES, Upsampling, start_shuffles, upsampler
from beholder.networks.initialise import shrink, start_for_relu, start_without_relu
from beholder.networks.options import check_choice, check_count, check_positive
from beholder.networks.restoration import RestorationNetwork

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["RRDBNet"]

_SLOPE = 0.2


class RRDBNet(RestorationNetwork):
    """Residual in residual dense blocks at low resolution, then enlarging.

    Args:
        channels: 3 for RGB, 1 for luma.
        scale: 1, 2, 3, 4 or 8; 1 restores without enlarging.
        width: Channels of the features.
        blocks: Number of blocks, of three dense blocks each.
        growth: Channels that each convolution of a dense block adds.
        residual_scale: What each branch is multiplied by before it is added.
        upsampling: ``"nearest"``, repetition and convolution, or ``"shuffle"``, convolution and pixel shuffle.

    Raises:
        UsageError: If an option is impossible.

    References:
        Wang et al., "ESRGAN: Enhanced Super-Resolution Generative Adversarial Networks", ECCV Workshops 2018,
        arXiv:1809.00219: weights of the blocks start at a tenth of He et al.'s. As there, the picture comes
        from the features alone; the input is not added.
    """

    title = "Residual in residual dense blocks: ESRGAN's generator"
    paper = "Wang et al., ECCV Workshops 2018, arXiv:1809.00219"

    def __init__(
        self,
        *,
        channels: int = 3,
        scale: int = 4,
        width: int = 64,
        blocks: int = 23,
        growth: int = 32,
        residual_scale: float = 0.2,
        upsampling: Upsampling = "nearest",
    ) -> None:
        check_choice("scale", scale, SCALES)
        check_choice("upsampling", upsampling, get_args(Upsampling))
        for name, value in (("width", width), ("blocks", blocks), ("growth", growth)):
            check_count(name, value)
        check_positive("residual_scale", residual_scale)
        super().__init__(channels=channels, scale=scale)
        self.head = nn.Conv2d(channels, width, 3, padding=1)
        self.body = nn.Sequential(
            *(_ResidualInResidual(width, growth, residual_scale) for _ in range(blocks)),
            nn.Conv2d(width, width, 3, padding=1),
        )
        self.enlarging = upsampler(width, scale, upsampling, nn.LeakyReLU(_SLOPE))
        self.detail = nn.Conv2d(width, width, 3, padding=1)
        self.tail = nn.Conv2d(width, channels, 3, padding=1)
        start_for_relu(self, _SLOPE)
        start_without_relu(self.head, self.body[-1], self.tail)
        for layer in self.body.modules():
            if isinstance(layer, nn.Conv2d):
                shrink(layer, 0.1)
        # Each block starts out as (1 + residual_scale) times its input: 1.2 ** 23 would be 66.
        shrink(self.body[-1], (1 + residual_scale) ** -blocks)
        start_shuffles(self.enlarging)

    def restore(self, x: Tensor) -> Tensor:
        """Shape (N, C, H, W) to (N, C, scale * H, scale * W)."""
        features = self.head(x)
        features = self.enlarging(features + self.body(features))
        restored: Tensor = self.tail(leaky_relu(self.detail(features), _SLOPE))
        return restored


class _DenseBlock(nn.Module):
    """Five convolutions, each of which sees the outputs of all before; added to the input."""

    def __init__(self, width: int, growth: int, residual_scale: float) -> None:
        super().__init__()
        self.growing = nn.ModuleList(
            nn.Conv2d(width + number * growth, growth, 3, padding=1) for number in range(4)
        )
        self.last = nn.Conv2d(width + 4 * growth, width, 3, padding=1)
        self.residual_scale = residual_scale

    def forward(self, x: Tensor) -> Tensor:
        seen = x
        for convolution in self.growing:
            seen = torch.cat([seen, leaky_relu(convolution(seen), _SLOPE)], 1)
        restored: Tensor = x + self.residual_scale * self.last(seen)
        return restored


class _ResidualInResidual(nn.Module):
    """Three dense blocks, added to the input."""

    def __init__(self, width: int, growth: int, residual_scale: float) -> None:
        super().__init__()
        self.dense = nn.Sequential(*(_DenseBlock(width, growth, residual_scale) for _ in range(3)))
        self.residual_scale = residual_scale

    def forward(self, x: Tensor) -> Tensor:
        restored: Tensor = x + self.residual_scale * self.dense(x)
        return restored
