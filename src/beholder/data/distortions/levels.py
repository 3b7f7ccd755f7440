"""Patches at growing strengths of one distortion, for people to tell from the patch itself."""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING

import numpy as np
import torch

from beholder.data.degradations.stored import to_levels
from beholder.data.distortions.compositions import read_composition
from beholder.data.distortions.patches import large_enough
from beholder.data.drawing import random_source
from beholder.spec import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from beholder.data.distortions.compositions import Composition
    from beholder.data.packs import Pack

__all__ = ["LevelPlan", "Levels", "read_strengths", "strength_name"]

_DRAWS = 2**62  # so many that the remainder of a division is as good as uniform
_DIGITS = 4  # of a strength, so that folders have short names
_MOST = 200  # strengths


@dataclasses.dataclass(frozen=True)
class LevelPlan:
    """What a reference is cut from.

    Attributes:
        index: Its number.
        picture: The photograph's place in the pack.
        top: The patch's first row.
        left: The patch's first column.
    """

    index: int
    picture: int
    top: int
    left: int


class Levels:
    """Reference patches, and each of them at every strength.

    Reference ``i`` is a pure function of ``(seed, i)`` and the photographs. These come in an order drawn by the seed,
    each once before any comes twice, at a place of which all are equally likely. Whatever is drawn besides is the same at
    every strength of a reference: along a row nothing changes but the strength.

    Args:
        pack: The photographs.
        distortion: A distortion, or several in order (``"contrast+jpeg"``), each at the same strength.
        strengths: From above 0 to 1, in rising order, at least two; each is rounded to four digits.
        count: How many references; by default one a photograph that is large enough.
        size: Side of a patch, in pixels.
        seed: Seed of all that is drawn.

    Attributes:
        left_out: How many photographs are too small.

    Raises:
        UsageError: If the distortion is unknown, or a number is impossible.
        ShapeError: If every photograph is too small for a patch.
    """

    def __init__(
        self,
        pack: Pack,
        distortion: Composition | str,
        strengths: Sequence[float],
        *,
        count: int | None = None,
        size: int = 64,
        seed: int = 0,
    ) -> None:
        for name, value in (("size", size), ("count", 1 if count is None else count)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise UsageError(f"{name} is {value!r}; expected a whole number, at least 1.")
        self.pack, self.size, self.seed = pack, size, seed
        self.distortion = read_composition(distortion) if isinstance(distortion, str) else distortion
        self.strengths = _check_strengths(strengths)
        chosen = large_enough(pack, size)
        self.left_out = len(pack) - len(chosen)
        self.count = len(chosen) if count is None else count
        order = torch.randperm(len(chosen), generator=random_source(f"{seed}/photographs"))
        self._order = [chosen[place] for place in order.tolist()]

    def __len__(self) -> int:
        return self.count

    def plan(self, index: int) -> LevelPlan:
        """What a reference is cut from.

        Raises:
            IndexError: If there is no such reference.
        """
        if not 0 <= index < self.count:
            raise IndexError(f"reference {index} of {self.count}")
        place = self._order[index % len(self._order)]
        picture = self.pack.pictures[place]
        drawn = torch.randint(_DRAWS, (2,), generator=random_source(f"{self.seed}/{index}/place"))
        top, left = drawn.tolist()
        return LevelPlan(
            index, place, top % (picture.height - self.size + 1), left % (picture.width - self.size + 1)
        )

    def reference(self, index: int) -> Tensor:
        """A reference, shape (3, size, size), uint8.

        Raises:
            IndexError: If there is no such reference.
        """
        plan = self.plan(index)
        return self.pack.crop(plan.picture, plan.top, plan.left, self.size, self.size)

    def distort(self, index: int, strength: float) -> Tensor:
        """A reference at a strength, shape (3, size, size), uint8.

        Raises:
            IndexError: If there is no such reference.
            UsageError: If the strength is not between 0 and 1.
        """
        draw = random_source(f"{self.seed}/{index}/{self.distortion.name}")
        strengths = [strength] * len(self.distortion.parts)
        return to_levels(self.distortion(self.reference(index), strengths, draw))


def read_strengths(text: str, *, log: bool = False) -> tuple[float, ...]:
    """Strengths as users write them.

    Args:
        text: ``"0.1,0.25,0.5"``, or ``"FROM:TO:HOW MANY"``.
        log: Whether the latter are equal factors apart, and not equal steps.

    Returns:
        The strengths, rounded to four digits.

    Raises:
        UsageError: If they are none, or fewer than two, or do not rise from above 0 to at most 1.
    """
    try:
        if ":" in text:
            first, last, count = text.split(":")
            spaced = np.geomspace if log and float(first) > 0 else np.linspace
            if not 1 < int(count) <= _MOST:
                raise UsageError(f"found {int(count)} strengths; expected from 2 to {_MOST}.")
            return _check_strengths(spaced(float(first), float(last), int(count)).tolist())
        found = [float(each) for each in text.split(",")]
    except ValueError as error:
        raise UsageError(
            f"the strengths are {text!r}; expected numbers such as 0.1,0.25,0.5, or first:last:how many, such as 0.05:1:12."
        ) from error
    if log:
        raise UsageError(f"the strengths are listed: {text}; expected first:last:how many to space them.")
    return _check_strengths(found)


def strength_name(strength: float) -> str:
    """What a folder of a strength is called."""
    return f"{strength:.{_DIGITS}g}"


def _check_strengths(strengths: Sequence[float]) -> tuple[float, ...]:
    found = tuple(float(strength_name(each)) for each in strengths)
    if not 2 <= len(found) <= _MOST:
        raise UsageError(f"found {len(found)} strengths; expected from 2 to {_MOST}.")
    for each in found:
        if not 0 < each <= 1:
            raise UsageError(
                f"the strength is {each:g}; expected numbers above 0, which is the reference itself, to 1."
            )
    for weaker, stronger in itertools.pairwise(found):
        if weaker >= stronger:
            raise UsageError(
                f"the strengths are {weaker:g} and then {stronger:g}; expected rising ones, that differ in {_DIGITS} digits."
            )
    return found
