"""Triplets as people judge them: a patch of a photograph, and two ways to spoil it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.utils.data import Dataset

from beholder.data.degradations.stored import to_levels
from beholder.data.distortions.patches import large_enough
from beholder.data.distortions.schemes import create_scheme
from beholder.data.drawing import random_source
from beholder.spec import UsageError

if TYPE_CHECKING:
    from beholder.data.distortions.scheme import Choice, Scheme
    from beholder.data.packs import Pack

__all__ = ["TripletPlan", "Triplets"]

_DRAWS = 2**62  # so many that the remainder of a division is as good as uniform


@dataclasses.dataclass(frozen=True)
class TripletPlan:
    """What a triplet is made of.

    Attributes:
        index: Its number.
        picture: The photograph's place in the pack.
        top: The patch's first row.
        left: The patch's first column.
        choices: What is done to p0 and to p1.
    """

    index: int
    picture: int
    top: int
    left: int
    choices: tuple[Choice, Choice]


class Triplets(Dataset[dict[str, Tensor]]):
    """Reference patches, each with two distorted ones, made as they are asked for.

    Item ``i`` is a pure function of ``(seed, split, i)``, of the photographs and of the scheme: whatever the number of
    workers, or the order in which items are asked for. Every photograph is equally likely, and so is every place in it;
    those that are too small for a patch are left out. Distortions see the patch alone.

    Args:
        pack: The photographs.
        scheme: Where the distortions come from, or its name (``"traditional"``).
        count: How many triplets.
        size: Side of a patch, in pixels.
        seed: Seed of all that is drawn.
        split: The other part of the seed, so that what is made to learn from and what is made to check with differ.

    Attributes:
        left_out: How many photographs are too small.

    Raises:
        UsageError: If the size or the count is no whole number from 1, or there is no such scheme.
        ShapeError: If every photograph is too small for a patch.
    """

    def __init__(
        self,
        pack: Pack,
        scheme: Scheme | str,
        count: int,
        *,
        size: int = 64,
        seed: int = 0,
        split: str = "train",
    ) -> None:
        for name, value in (("size", size), ("count", count)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise UsageError(f"{name} is {value!r}; expected a whole number, at least 1.")
        self.pack, self.count, self.size, self.seed, self.split = pack, count, size, seed, split
        self.scheme = create_scheme(scheme) if isinstance(scheme, str) else scheme
        self._chosen = large_enough(pack, size)
        self.left_out = len(pack) - len(self._chosen)

    def __len__(self) -> int:
        return self.count

    def plan(self, index: int) -> TripletPlan:
        """What an item is made of, without making it.

        Raises:
            IndexError: If there is no such item.
        """
        if not 0 <= index < self.count:
            raise IndexError(f"item {index} of {self.count}")
        draw = self._source(index, "plan")
        chosen, top, left = torch.randint(_DRAWS, (3,), generator=draw).tolist()
        place = self._chosen[chosen % len(self._chosen)]
        picture = self.pack.pictures[place]
        top, left = top % (picture.height - self.size + 1), left % (picture.width - self.size + 1)
        return TripletPlan(index, place, top, left, self.scheme.choose(draw))

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        """The triplet ``{"ref": ..., "p0": ..., "p1": ...}``, each (3, size, size), uint8.

        Raises:
            IndexError: If there is no such item.
        """
        plan = self.plan(index)
        reference = self.pack.crop(plan.picture, plan.top, plan.left, self.size, self.size)
        made = {"ref": reference}
        for side, choice in zip(("p0", "p1"), plan.choices, strict=True):
            distorted = self.scheme.apply(choice, reference, self._source(index, side))
            made[side] = to_levels(distorted)
        return made

    def _source(self, index: int, what: str) -> torch.Generator:
        return random_source(f"{self.seed}/{self.split}/{index}/{what}")
