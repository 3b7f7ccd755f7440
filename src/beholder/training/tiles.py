"""Pictures of any size through a network, in tiles."""

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from beholder.data.degradations.stored import to_levels

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

__all__ = ["choose_tile", "receptive_radius", "restore_in_tiles"]

_ALIGNED = 16  # tiles begin at multiples of it, so that networks that halve the resolution halve it alike
_LONG, _SHORT = (256, 1024), 16  # sides of the strips by which the receptive field is measured
_SMALLEST, _LARGEST = 64, 512  # sides of tiles
_ROOM = 800e6  # bytes that a layer may read and write


def receptive_radius(network: nn.Module) -> int | None:
    """How far, in pixels of the input, a network looks from a pixel of its output.

    Measured on long strips, lying and standing: where the gradient of the middle of an output reaches.

    Args:
        network: Takes (1, 3, H, W), in evaluation mode.

    Returns:
        The radius, or ``None`` where the network looks at all of a picture, as with instance normalisation.
    """
    # Most networks see little, and the short strips cost a quarter of the long ones.
    reaches = (_reach(network, long) for long in _LONG)
    return next((reach for reach in reaches if reach is not None), None)


def _reach(network: nn.Module, long: int) -> int | None:
    """The same as measured on strips of one length; ``None`` where the network sees to their ends."""
    parameter = next(network.parameters())
    reach = 0
    for axis in (2, 3):
        shape = [1, 3, _SHORT, _SHORT]
        shape[axis] = long
        # Both halves of a cell: a network at half resolution sees further to one side.
        for place in (long // 2, long // 2 + _ALIGNED - 1):
            x = torch.rand(shape, generator=torch.Generator().manual_seed(0))
            x = x.to(parameter).requires_grad_()
            y = network(x)
            scale = y.shape[-1] // x.shape[-1]
            middle = y.select(axis, place * scale)
            (gradient,) = torch.autograd.grad(middle[..., scale * _SHORT // 2].abs().sum(), x)
            reached = gradient.abs().amax([other for other in range(4) if other != axis]).nonzero()
            if not len(reached):
                continue
            if reached.min() == 0 or reached.max() == long - 1:
                return None
            reach = max(reach, int((reached - place).abs().max()))
    return reach


def choose_tile(network: nn.Module, radius: int) -> int:
    """The side of tiles that are restored quickly in about a gigabyte of memory.

    What lies around a tile is computed, too, and thrown away: large tiles take less time. 512 pixels are enough.

    Args:
        network: Takes (1, 3, H, W).
        radius: How far it looks, see `receptive_radius`.

    Returns:
        Pixels of the input, a multiple of 16, 64 to 512.
    """
    side = math.sqrt(_ROOM / (4 * _values_per_pixel(network)))
    fitting = int(side - 2 * _margin(radius)) // _ALIGNED * _ALIGNED
    return min(max(fitting, _SMALLEST), _LARGEST)


def _values_per_pixel(network: nn.Module) -> float:
    """Most values that a layer reads and writes, for each pixel of the input."""
    most = 0

    def look(_: nn.Module, read: tuple[Tensor, ...], written: Tensor) -> None:
        nonlocal most
        most = max(most, written.numel() + sum(each.numel() for each in read))

    # On the meta device tensors have shapes only.
    shapes = copy.deepcopy(network).to("meta")
    for module in shapes.modules():
        if not list(module.children()):
            module.register_forward_hook(look)
    with torch.no_grad():
        shapes(torch.empty(1, 3, _SHORT, _SHORT, device="meta"))
    return most / _SHORT**2


def _margin(radius: int) -> int:
    return -(-radius // _ALIGNED) * _ALIGNED


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
    margin = _margin(radius)
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
            restored[:, scale * top : scale * bottom, scale * left : scale * right] = to_levels(kept).cpu()
            if tell:
                tell(done, len(corners))
    return restored
