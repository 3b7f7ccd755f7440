"""The traditional distortions, and their compositions."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import torch

from beholder.data.distortions.compositions import COMPOSITIONS, Composition, read_composition
from beholder.data.distortions.drawn import draw_number
from beholder.data.distortions.registry import DISTORTIONS
from beholder.data.distortions.scheme import Choice

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

__all__ = ["Traditional"]

_DRAWS = 2**62  # so many that the remainder of a division is as good as uniform


class Traditional:
    """The 20 distortions and the 308 compositions of two, all equally likely, with strengths from 0 to 1."""

    name = "traditional"
    told: ClassVar[Mapping[str, object]] = {}

    def choose(self, draw: torch.Generator) -> tuple[Choice, Choice]:
        """Draw two different distortions, and the strength of each part."""
        first, second = torch.randint(_DRAWS, (2,), generator=draw).tolist()
        first %= len(_TRADITIONAL)
        second = (first + 1 + second % (len(_TRADITIONAL) - 1)) % len(_TRADITIONAL)
        return _draw_strengths(first, draw), _draw_strengths(second, draw)

    def apply(self, choice: Choice, patch: Tensor, draw: torch.Generator) -> Tensor:
        """Distort a patch, as `Scheme` says."""
        return read_composition(choice.name)(patch, choice.strengths, draw)


_TRADITIONAL = (*(Composition((each,)) for each in DISTORTIONS.values()), *COMPOSITIONS)


def _draw_strengths(place: int, draw: torch.Generator) -> Choice:
    composition = _TRADITIONAL[place]
    return Choice(composition.name, tuple(draw_number(draw, 0, 1) for _ in composition.parts))
