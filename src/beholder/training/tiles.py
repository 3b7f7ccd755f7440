"""Pictures of any size through a network, in tiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

__all__ = ["receptive_radius", "restore_in_tiles"]

_ALIGNED = 16  # tiles begin at multiples of it, so that networks that halve the resolution halve it alike
_LOOKED_AT = 320  # side of the picture by which the receptive field is measured


def receptive_radius(network: nn.Module) -> int | None:
    """How far, in pixels of the input, a network looks from a pixel of its output.

    Measured: where the gradient of the middle of an output reaches.

    Args:
        network: Takes (1, 3, H, W), in evaluation mode.

    Returns:
        The radius, or ``None`` where the network looks at all of a picture, as with instance normalisation.
    """
    parameter = next(network.parameters())
    middle = _LOOKED_AT // 2
    reach = 0
    # Both halves of a cell: a network at half resolution sees further to one side.
    for place in (middle, middle + _ALIGNED - 1):
        x = torch.rand(1, 3, _LOOKED_AT, _LOOKED_AT, generator=torch.Generator().manual_seed(0))
        x = x.to(parameter).requires_grad_()
        y = network(x)
        scale = y.shape[-1] // x.shape[-1]
        (gradient,) = torch.autograd.grad(y[..., place * scale, place * scale].abs().sum(), x)
        reached = gradient.abs().amax((0, 1)).nonzero()
        if not len(reached):
            continue
        if reached.min() == 0 or reached.max() == _LOOKED_AT - 1:
            return None
        reach = max(reach, int((reached - place).abs().max()))
    return reach


def restore_in_tiles(
    network: nn.Module,
    picture: Tensor,
    *,
    tile: int = 512,
    radius: int,
    tell: Callable[[int, int], object] | None = None,
) -> Tensor:
    """What a network makes of a picture, computed tile by tile: memory does not grow with the picture.

    Each tile is seen with what lies around it, as far as the network looks, so the seams are those of a whole picture:
    none.

    Args:
        network: Takes (1, 3, H, W) and gives ``network.scale`` times the size.
        picture: Shape (3, H, W), in [0, 1].
        tile: Height and width of a tile of the input, in pixels; taken up to a multiple of 16.
        radius: How far the network looks, see `receptive_radius`.
        tell: Called with the number of tiles that are done, and of all.

    Returns:
        Eight-bit picture, clamped and rounded, shape (3, scale H, scale W), uint8.
    """
    parameter = next(network.parameters())
    scale = int(network.scale)  # type: ignore[arg-type]  # restoration networks have one
    height, width = picture.shape[-2:]
    step = -(-tile // _ALIGNED) * _ALIGNED
    margin = -(-radius // _ALIGNED) * _ALIGNED
    corners = [(top, left) for top in range(0, height, step) for left in range(0, width, step)]
    restored = torch.empty(3, scale * height, scale * width, dtype=torch.uint8)
    with torch.inference_mode():
        for done, (top, left) in enumerate(corners, 1):
            above, before = min(margin, top), min(margin, left)
            rows = slice(top - above, min(top + step + margin, height))
            columns = slice(left - before, min(left + step + margin, width))
            seen = network(picture[None, :, rows, columns].to(parameter))[0]
            bottom, right = min(top + step, height), min(left + step, width)
            kept = seen[
                :,
                scale * above : scale * (above + bottom - top),
                scale * before : scale * (before + right - left),
            ]
            restored[:, scale * top : scale * bottom, scale * left : scale * right] = (
                (kept.clamp(0, 1) * 255).round().to(torch.uint8).cpu()
            )
            if tell:
                tell(done, len(corners))
    return restored
