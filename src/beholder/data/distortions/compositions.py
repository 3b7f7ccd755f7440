"""Distortions one after another, and the 308 pairs of them."""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING

from beholder.data.degradations.stored import check_picture, to_unit
from beholder.data.distortions.registry import DISTORTIONS, find_distortion
from beholder.data.drawing import seed_of
from beholder.spec import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch
    from torch import Tensor

    from beholder.data.distortions.distortion import Distortion

__all__ = ["COMPOSITIONS", "Composition", "read_composition"]

_COUNT, _SEED = 308, 2018


@dataclasses.dataclass(frozen=True)
class Composition:
    """Distortions, each applied to the result of the one before; one alone is a composition, too.

    Attributes:
        parts: The distortions, first to last, at least one.
    """

    parts: tuple[Distortion, ...]

    @property
    def name(self) -> str:
        """The distortions' names with ``+`` between them."""
        return "+".join(part.name for part in self.parts)

    def __call__(self, picture: Tensor, strengths: Sequence[float], draw: torch.Generator) -> Tensor:
        """Distort a picture.

        Args:
            picture: Shape (3, H, W), uint8, or floating point in [0, 1].
            strengths: One for each part, from 0 to 1.
            draw: Source of all that is drawn, in order.

        Returns:
            Same shape, float32, in [0, 1], not rounded to levels.

        Raises:
            ShapeError: If ``picture`` is not such a picture.
            UsageError: If there are more or fewer strengths than parts, or one is not between 0 and 1.
        """
        check_picture(picture)
        if len(strengths) != len(self.parts):
            raise UsageError(
                f"found {len(strengths)} strengths for {self.name}; expected {len(self.parts)}, one for each part."
            )
        distorted = to_unit(picture)
        for part, strength in zip(self.parts, strengths, strict=True):
            distorted = part(distorted, strength, draw)
        return distorted


def read_composition(name: str) -> Composition:
    """A distortion (``"jpeg"``), or several in order (``"contrast+jpeg"``), by name.

    Raises:
        UsageError: If one is unknown.
    """
    return Composition(tuple(find_distortion(part.strip()) for part in name.split("+")))


def _choose() -> tuple[Composition, ...]:
    """Draw the compositions, by the pairs that are left out.

    There are 380 ordered pairs of two different distortions, 294 of them of two kinds: too few, so that pairs of one
    kind cannot all be left out. Pairs are left out one by one: of those whose first and second were left out least often
    in that place, one of one kind if there is any, and of these the one that comes first in an order drawn by the seed.
    """
    left = dict.fromkeys(itertools.permutations(DISTORTIONS, 2))
    ranks = {pair: seed_of(f"{_SEED}/{'+'.join(pair)}") for pair in left}
    first, second = dict.fromkeys(DISTORTIONS, 0), dict.fromkeys(DISTORTIONS, 0)
    while len(left) > _COUNT:
        pair = min(left, key=lambda pair: (*_turns(pair, first, second), not _of_one_kind(pair), ranks[pair]))
        del left[pair]
        first[pair[0]] += 1
        second[pair[1]] += 1
    return tuple(Composition(tuple(DISTORTIONS[name] for name in pair)) for pair in left)


def _turns(pair: tuple[str, str], first: dict[str, int], second: dict[str, int]) -> tuple[int, int]:
    counts = first[pair[0]], second[pair[1]]
    return max(counts), sum(counts)


def _of_one_kind(pair: tuple[str, str]) -> bool:
    return DISTORTIONS[pair[0]].kind == DISTORTIONS[pair[1]].kind


COMPOSITIONS: tuple[Composition, ...] = _choose()
"""The 308 ordered pairs, always the same, in order of their distortions."""
