"""The autoencoder itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from beholder.networks.initialise import start_for_relu
from beholder.networks.padding import pad_to_multiple

if TYPE_CHECKING:
    from beholder.data.distortions.cnn.design import AutoencoderDesign

__all__ = ["Generator"]

_SLOPE = 0.2
_DROPPED = 0.5
_NORMS = {"none": nn.Identity, "batch": nn.BatchNorm2d, "instance": nn.InstanceNorm2d}


class Generator(nn.Module):
    """Convolutions down to a small size and up again.

    Args:
        design: How many, how wide, and what lies between them.
    """

    def __init__(self, design: AutoencoderDesign) -> None:
        super().__init__()
        self.design = design
        strides = [design.first_stride, *[2] * (design.layers - 1)]
        self.multiple = 2 ** sum(stride == 2 for stride in strides)
        widths = [
            min(design.first_channels * 2**level, design.most_channels) for level in range(design.layers)
        ]
        norm = _NORMS[design.normalisation]
        self.down = nn.ModuleList()
        for before, after, stride in zip([3, *widths], widths, strides, strict=False):
            convolution = nn.Conv2d(before, after, 3, stride, padding=1)
            self.down.append(nn.Sequential(convolution, norm(after), nn.LeakyReLU(_SLOPE)))
        self.up = nn.ModuleList()
        channels = widths[-1]
        for place, level in enumerate(reversed(range(design.layers))):
            after = widths[max(level - 1, 0)]
            dropped = nn.Dropout2d(_DROPPED if place < design.dropout_layers else 0.0)
            enlarged = _Enlarged(channels, after, strides[level], design.upsampling)
            self.up.append(nn.Sequential(enlarged, norm(after), nn.LeakyReLU(_SLOPE), dropped))
            channels = after + (widths[level - 1] if design.skips and level else 0)
        self.last = nn.Conv2d(channels + (3 if design.top_skip else 0), 3, 3, padding=1)
        start_for_relu(self, _SLOPE)

    def forward(self, x: Tensor) -> Tensor:
        """Pictures made of corrupted ones, shape (N, 3, H, W), in [0, 1]; theirs are about in [0, 1]."""
        # two places at least at the smallest size, of which instance normalisation can take a deviation
        padded = pad_to_multiple(x, self.multiple, 2 * self.multiple)
        features, seen = padded, []
        for layer in self.down:
            features = layer(features)
            seen.append(features)
        seen.pop()
        for layer in self.up:
            features = layer(features)
            if self.design.skips and seen:
                features = torch.cat([features, seen.pop()], 1)
        if self.design.top_skip:
            features = torch.cat([features, padded], 1)
        made: Tensor = self.last(features)
        return made[..., : x.shape[-2], : x.shape[-1]]


class _Enlarged(nn.Module):
    """A convolution that enlarges by its stride."""

    def __init__(self, before: int, after: int, stride: int, how: str) -> None:
        super().__init__()
        self.stride, self.how = stride, how
        transposed = how == "transposed" and stride == 2
        self.convolution: nn.Module = (
            nn.ConvTranspose2d(before, after, 4, stride, padding=1)
            if transposed
            else nn.Conv2d(before, after, 3, padding=1)
        )
        self.first = stride == 2 and not transposed

    def forward(self, x: Tensor) -> Tensor:
        if self.first:
            x = functional.interpolate(x, scale_factor=2, mode=self.how)
        enlarged: Tensor = self.convolution(x)
        return enlarged
