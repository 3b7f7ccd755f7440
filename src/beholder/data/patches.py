"""Pairs of degraded and clean pictures, made as they are asked for."""

from __future__ import annotations

import bisect
import itertools
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.utils.data import Dataset

from beholder.catalog import create_degradation
from beholder.data.degradations.area import Area, degrade_area
from beholder.data.degradations.stored import to_unit
from beholder.data.drawing import random_source
from beholder.spec import ShapeError, UsageError

if TYPE_CHECKING:
    from beholder.data.degradations import Degradation
    from beholder.data.packs import Pack

__all__ = ["PatchPairs", "PicturePairs"]

_TURNS = 8
_DRAWS = 2**62  # so many that the remainder of a division is as good as uniform


class PatchPairs(Dataset[dict[str, Tensor]]):
    """Patches of degraded pictures, each with the patch of the clean picture.

    Item ``i`` of epoch ``e`` is a pure function of ``(seed, e, i)``: whatever the number of workers, or the order in
    which items are asked for. Every place of every picture is equally likely, so larger pictures give more patches;
    each patch is turned in one of the 8 ways of flips and quarter turns. What is degraded is the picture, of which the
    patch is cut: JPEG blocks lie anywhere in it, and it shows no edges of its own. Pictures that are too small for
    a patch are left out; `left_out` tells how many.

    Args:
        pack: The clean pictures.
        degradation: What spoils them, or its request (``"jpeg:quality=10"``).
        size: Side of the degraded patch; the clean one is the degradation's ``scale`` times larger.
        count: Items of an epoch.
        seed: Seed of all that is drawn.
        offset: For pairs that are not aligned: the clean patch lies up to so many pixels off, down, up, left or
            right.
        unpaired: The clean patch is any, drawn by itself: of any picture, any place and any turn.

    Raises:
        UsageError: If an option is impossible.
        ShapeError: If every picture is too small for a patch.
    """

    def __init__(
        self,
        pack: Pack,
        degradation: Degradation | str,
        size: int,
        count: int,
        seed: int = 0,
        *,
        offset: int = 0,
        unpaired: bool = False,
    ) -> None:
        self.pack, self.degradation = pack, _build(degradation)
        for name, value, least in (("size", size, 1), ("count", count, 1), ("offset", offset, 0)):
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise UsageError(f"{name} is {value!r}; expected a whole number, at least {least}.")
        if unpaired and offset:
            raise UsageError(f"offset is {offset}, of patches that are unpaired; give one or the other.")
        self.size, self.count, self.seed, self.offset = size, count, seed, offset
        self.unpaired = unpaired
        self._border = -(-offset // self.degradation.scale)
        places = [max(0, down) * max(0, right) for down, right in map(self._places, range(len(pack)))]
        self.left_out = places.count(0)
        self._ends = list(itertools.accumulate(places))
        if not self._ends[-1]:
            largest = max(pack.pictures, key=lambda each: min(each.height, each.width))
            raise ShapeError(
                f"none of {len(pack)} pictures is large enough for patches of {self._side} pixels; the largest is "
                f"{largest.name}, {largest.width}x{largest.height}. Expected larger pictures, or a smaller size."
            )
        # Shared, so that workers that live through several epochs see it change.
        self._epoch: Tensor = torch.zeros((), dtype=torch.int64).share_memory_()  # type: ignore[no-untyped-call]

    @property
    def _side(self) -> int:
        return (self.size + 2 * self._border) * self.degradation.scale

    def _places(self, index: int) -> tuple[int, int]:
        """How many rows and columns of a degraded picture a patch can begin at."""
        picture, scale = self.pack.pictures[index], self.degradation.scale
        taken = self.size + 2 * self._border - 1
        return picture.height // scale - taken, picture.width // scale - taken

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch's items are asked for next, also to workers that are running."""
        self._epoch.fill_(epoch)

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        """The pair ``{"x": degraded, "y": clean}``, float32, in [0, 1]: (3, size, size), (3, size scale, size scale).

        Raises:
            IndexError: If there is no such item.
        """
        if not 0 <= index < self.count:
            raise IndexError(f"item {index} of {self.count}")
        draw = random_source(f"{self.seed}/{int(self._epoch)}/{index}")
        numbers = torch.randint(_DRAWS, (4,), generator=draw).tolist()
        chosen, top, left = self._find_place(numbers[0] % self._ends[-1])
        down, right = (number % (2 * self.offset + 1) - self.offset for number in numbers[1:3])
        picture, scale = self.pack.pictures[chosen], self.degradation.scale

        def read(area: Area) -> Tensor:
            return self.pack.crop(chosen, area.top, area.left, area.height, area.width)

        wanted = Area(top, left, self.size, self.size)
        spoilt = degrade_area(self.degradation, read, (picture.height, picture.width), wanted, draw)
        turn = turn_y = numbers[3] % _TURNS
        where = chosen, top * scale + down, left * scale + right
        if self.unpaired:
            place, turn_y = torch.randint(_DRAWS, (2,), generator=draw).tolist()
            chosen_y, top_y, left_y = self._find_place(place % self._ends[-1])
            where, turn_y = (chosen_y, top_y * scale, left_y * scale), turn_y % _TURNS
        clean = self.pack.crop(*where, self.size * scale, self.size * scale)
        return {"x": _turn(spoilt, turn), "y": _turn(to_unit(clean), turn_y)}

    def _find_place(self, place: int) -> tuple[int, int, int]:
        """Picture, row and column of the degraded picture where the patch of a number begins."""
        chosen = bisect.bisect_right(self._ends, place)
        place -= self._ends[chosen - 1] if chosen else 0
        top, left = divmod(place, self._places(chosen)[1])
        return chosen, top + self._border, left + self._border


class PicturePairs(Dataset[dict[str, Tensor]]):
    """Whole degraded pictures, each with the clean one, in the pack's order, for validation.

    What is drawn depends on the seed and on the picture's place in the pack alone, so every epoch is the same.

    Args:
        pack: The clean pictures.
        degradation: What spoils them, or its request (``"jpeg:quality=10"``).
        seed: Seed of all that is drawn.

    Raises:
        UsageError: If there is no such degradation.
    """

    def __init__(self, pack: Pack, degradation: Degradation | str, seed: int = 0) -> None:
        self.pack, self.degradation, self.seed = pack, _build(degradation), seed

    def __len__(self) -> int:
        return len(self.pack)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        """The pair ``{"x": degraded, "y": clean}``, float32, in [0, 1]: (3, H // scale, W // scale), (3, H, W).

        Where the degradation shrinks, rows and columns of the clean picture that are left over are dropped.

        Raises:
            IndexError: If there is no such picture.
            ShapeError: If the picture is too small to be shrunk.
        """
        if not 0 <= index < len(self):
            raise IndexError(f"picture {index} of {len(self)}")
        clean = self.pack.picture(index)
        spoilt = self.degradation(clean, random_source(f"{self.seed}/{index}"))
        height, width = (side * self.degradation.scale for side in spoilt.shape[1:])
        return {"x": spoilt, "y": to_unit(clean[:, :height, :width]).contiguous()}


def _build(degradation: Degradation | str) -> Degradation:
    built: Any = create_degradation(degradation) if isinstance(degradation, str) else degradation
    return built  # type: ignore[no-any-return]


def _turn(patch: Tensor, turn: int) -> Tensor:
    """One of the 8 ways to lay a square patch."""
    flipped = [dim for dim, bit in ((1, 1), (2, 2)) if turn & bit]
    patch = patch.flip(flipped) if flipped else patch
    return (patch.transpose(1, 2) if turn & 4 else patch).contiguous()
