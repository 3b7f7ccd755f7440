"""Enlarging, of pictures and of features."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Literal

import torch
from torch import nn

from beholder.networks.initialise import start_like_nearest
from beholder.ops.resize import resize

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["SCALES", "Upsampling", "enlarge", "start_shuffles", "upsampler"]

SCALES = (1, 2, 3, 4, 8)
Upsampling = Literal["shuffle", "nearest"]

_STEPS = {1: (), 2: (2,), 3: (3,), 4: (2, 2), 8: (2, 2, 2)}


def enlarge(x: Tensor, scale: int) -> Tensor:
    """Bicubic enlarging by MATLAB's rule, in float32 also where autocast is on.

    In bfloat16 the picture that a network adds its corrections to would be left with 8 bits, rounded.

    Args:
        x: Pictures, shape (N, C, H, W).
        scale: Output pixels per input pixel, along each side.

    Returns:
        Shape (N, C, scale * H, scale * W), in the type of ``x``.
    """
    if scale == 1:
        return x
    height, width = (scale * side for side in x.shape[-2:])
    # On the meta device, where costs are counted, there is no autocast to switch off.
    in_full = contextlib.nullcontext() if x.is_meta else torch.autocast(x.device.type, enabled=False)
    with in_full:
        return resize(x.float(), height, width).to(x.dtype)


def upsampler(
    width: int, scale: int, upsampling: Upsampling, activation: nn.Module | None = None
) -> nn.Sequential:
    """Layers that enlarge features, step by step: by 3, or by 2 as often as needed.

    Args:
        width: Channels of the features.
        scale: One of `SCALES`.
        upsampling: ``"shuffle"``: convolution, then pixel shuffle; ``"nearest"``: repetition, then convolution.
        activation: What follows each step.

    Returns:
        Layers from (N, width, H, W) to (N, width, scale * H, scale * W).
    """
    layers: list[nn.Module] = []
    for factor in _STEPS[scale]:
        if upsampling == "shuffle":
            layers += [nn.Conv2d(width, width * factor**2, 3, padding=1), nn.PixelShuffle(factor)]
        else:
            layers += [
                nn.Upsample(scale_factor=factor, mode="nearest"),
                nn.Conv2d(width, width, 3, padding=1),
            ]
        layers += [activation] if activation else []
    return nn.Sequential(*layers)


def start_shuffles(layers: nn.Sequential) -> None:
    """Let each convolution before a pixel shuffle start as nearest-neighbour enlarging."""
    for layer, following in zip(layers, list(layers)[1:], strict=False):
        if isinstance(layer, nn.Conv2d) and isinstance(following, nn.PixelShuffle):
            start_like_nearest(layer, following.upscale_factor)
