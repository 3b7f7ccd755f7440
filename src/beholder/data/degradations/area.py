"""A patch of a degraded picture, from no more of the picture than it depends on."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from beholder.data.degradations.stored import to_unit

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch
    from torch import Tensor

    from beholder.data.degradations.degradation import Degradation, Step

__all__ = ["Area", "degrade_area"]


@dataclasses.dataclass(frozen=True)
class Area:
    """A rectangle of a picture, in pixels."""

    top: int
    left: int
    height: int
    width: int

    def cut(self, picture: Tensor, origin: tuple[int, int]) -> Tensor:
        """Cut it out of a piece of its picture whose upper left pixel is at ``origin``."""
        top, left = self.top - origin[0], self.left - origin[1]
        return picture[:, top : top + self.height, left : left + self.width]


def degrade_area(
    degradation: Degradation,
    read: Callable[[Area], Tensor],
    size: tuple[int, int],
    wanted: Area,
    draw: torch.Generator,
) -> Tensor:
    """The patch that lies at ``wanted`` in the degraded picture.

    It is what would be cut out of the whole picture degraded, where nothing is drawn per pixel: JPEG blocks lie on the
    picture's own grid, and no edge of the piece that is worked on shows. Where the picture ends, it ends.

    Args:
        degradation: What is done to the picture.
        read: Gives an area of the clean picture, shape (3, height, width).
        size: Height and width of the clean picture.
        wanted: Where the patch lies, in pixels of the degraded picture.
        draw: Source of all that is drawn.

    Returns:
        Shape (3, wanted.height, wanted.width), float32, in [0, 1].
    """
    steps = degradation.steps
    sizes = [size]
    for step in steps:
        sizes.append((sizes[-1][0] // step.scale, sizes[-1][1] // step.scale))
    areas = [wanted]
    for step, (height, width) in zip(reversed(steps), reversed(sizes[:-1]), strict=True):
        areas.insert(0, _needed(step, areas[0], height, width))
    piece = read(areas[0])
    for step, given, asked in zip(steps, areas, areas[1:], strict=False):
        spoilt = step(piece, draw)
        piece = asked.cut(spoilt, (given.top // step.scale, given.left // step.scale))
    return to_unit(piece)


def _needed(step: Step, result: Area, height: int, width: int) -> Area:
    """The area of a picture of this size that the area of a step's result depends on."""
    top, bottom = _needed_span(step, result.top, result.top + result.height, height)
    left, right = _needed_span(step, result.left, result.left + result.width, width)
    return Area(top, left, bottom - top, right - left)


def _needed_span(step: Step, start: int, stop: int, length: int) -> tuple[int, int]:
    used = length // step.scale * step.scale
    first = max(0, start * step.scale - step.reach) // step.grid * step.grid
    last = -(-(stop * step.scale + step.reach) // step.grid) * step.grid
    return first, min(used, last)
