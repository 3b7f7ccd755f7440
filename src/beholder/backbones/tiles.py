"""Large pictures in tiles, whose features together are those of the whole."""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from beholder.backbones.chains import Chain, Fire

if TYPE_CHECKING:
    from collections.abc import Sequence

    from beholder.backbones.backbone import Backbone

__all__ = ["Tile", "cut_into_tiles", "join_tiles"]

_PIXELS = 2048 * 2048  # of a tile: 3.4 GB of VGG-16, 0.3 GB of AlexNet


@dataclasses.dataclass(frozen=True)
class Tile:
    """A part of a picture, and what of its features counts.

    Attributes:
        rows: Of the picture, with those around it that the features look at.
        columns: Of the picture, as well.
        inner_rows: By layer, of the features.
        inner_columns: By layer, of the features.
    """

    rows: slice
    columns: slice
    inner_rows: dict[str, slice]
    inner_columns: dict[str, slice]

    def of(self, picture: Tensor) -> Tensor:
        """Its part of pictures, shape (N, 3, H, W), laid out as networks are quick on."""
        if self.rows == self.columns == slice(None):
            return picture  # the same tensor: what was seen of it is known again
        return picture[..., self.rows, self.columns].contiguous(memory_format=torch.channels_last)

    def inner(self, layer: str, features: Tensor) -> Tensor:
        """What counts of a layer's features, or of what was made of them place by place: shape (N, C, h, w)."""
        return features[..., self.inner_rows[layer], self.inner_columns[layer]]


@dataclasses.dataclass(frozen=True)
class _Reach:
    """Which pixels features look at: those of place i from ``i * step - before`` to ``i * step + after``."""

    step: int = 1
    before: int = 0
    after: int = 0

    def through(self, size: int, stride: int, padding: int) -> _Reach:
        return _Reach(
            self.step * stride,
            self.before + self.step * padding,
            self.after + self.step * (size - 1 - padding),
        )


def cut_into_tiles(backbone: Backbone, size: Sequence[int]) -> list[list[Tile]]:
    """Tiles in rows, from the upper left, of at most four megapixels each.

    Args:
        backbone: Whose features are wanted.
        size: Height and width of the picture.

    Returns:
        One tile, which is the whole, where the picture has no more pixels, or the network is not one of plain
        convolutions and poolings.
    """
    reaches = _reaches(backbone)
    height, width = size
    if reaches is None or height * width <= _PIXELS:
        everything = dict.fromkeys(backbone.layers, slice(None))
        return [[Tile(slice(None), slice(None), everything, everything)]]
    side = int(_PIXELS**0.5)
    columns = _cut(reaches, width, side)
    widest = max(stretch.stop - stretch.start for stretch, _ in columns)
    rows = _cut(reaches, height, _PIXELS // widest)
    return [[Tile(row, column, inner, across) for column, across in columns] for row, inner in rows]


def join_tiles(tiles: Sequence[Sequence[Tensor]]) -> Tensor:
    """The whole of what was made of tiles, each (N, C, h, w)."""
    return torch.cat([torch.cat(list(row), -1) for row in tiles], -2)


def _reaches(backbone: Backbone) -> dict[str, _Reach] | None:
    """How far each layer looks; ``None`` where that is not known."""
    if not isinstance(backbone.trunk, Chain):
        return None
    reach, reaches = _Reach(), {}
    for name, module in zip(backbone.trunk.names, backbone.trunk.features, strict=True):
        match module:
            case nn.Conv2d(kernel_size=(size, _), stride=(stride, _), padding=(int(padding), _)):
                reach = reach.through(size, stride, padding)
            case nn.MaxPool2d(kernel_size=int(size), stride=int(stride), padding=int(padding)):
                reach = reach.through(size, stride, padding)
            case Fire():
                reach = reach.through(3, 1, 1)
            case nn.ReLU():
                pass
            case _:
                return None
        reaches[name] = reach
    return {name: reaches[name] for name in backbone.layers}


def _cut(reaches: dict[str, _Reach], length: int, most: int) -> list[tuple[slice, dict[str, slice]]]:
    """Stretches of one side: of the picture, and by layer of its features."""
    step = max(reach.step for reach in reaches.values())
    before = _round_up(max(reach.before for reach in reaches.values()), step)
    after = _round_up(max(reach.after for reach in reaches.values()), step)
    inner = max(step, (most - before - after) // step * step)
    cut = []
    for start, end in itertools.pairwise([*range(0, length, inner), length]):
        first, last = max(0, start - before), min(length, end + after)
        # Places are counted from the stretch's beginning, which is a multiple of every layer's step.
        places = {
            name: slice((start - first) // reach.step, None if end == length else (end - first) // reach.step)
            for name, reach in reaches.items()
        }
        cut.append((slice(first, last), places))
    return cut


def _round_up(number: int, step: int) -> int:
    return -(-number // step) * step
