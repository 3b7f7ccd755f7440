"""Where the distortions of a triplet come from."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Protocol

import torch

from beholder.data.distortions.compositions import COMPOSITIONS, Composition, read_composition
from beholder.data.distortions.drawn import draw_number
from beholder.data.distortions.registry import DISTORTIONS
from beholder.spec import UsageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor

__all__ = ["SCHEMES", "Choice", "Scheme", "Traditional", "create_scheme"]

_DRAWS = 2**62  # so many that the remainder of a division is as good as uniform


@dataclasses.dataclass(frozen=True)
class Choice:
    """What is done to one patch.

    Attributes:
        name: The distortion, as its scheme names it.
        strengths: How strongly; as many as the distortion takes.
    """

    name: str
    strengths: tuple[float, ...]


class Scheme(Protocol):
    """A set of distortions, of which each triplet has two.

    A scheme is pickled, for processes that make triplets.
    """

    @property
    def name(self) -> str:
        """As BAPPS names its folder."""
        ...

    def choose(self, draw: torch.Generator) -> tuple[Choice, Choice]:
        """Draw two different distortions."""
        ...

    def apply(self, choice: Choice, patch: Tensor, draw: torch.Generator) -> Tensor:
        """Distort a patch.

        Args:
            choice: What `choose` drew.
            patch: Shape (3, H, W), uint8, or floating point in [0, 1].
            draw: Source of all that is drawn besides.

        Returns:
            Same shape, float32, in [0, 1].
        """
        ...


class Traditional:
    """The 20 distortions and the 308 compositions of two, all equally likely, with strengths from 0 to 1."""

    name = "traditional"

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


SCHEMES: Mapping[str, Callable[[], Scheme]] = {"traditional": Traditional}


def create_scheme(name: str) -> Scheme:
    """Build a scheme by its name.

    Raises:
        UsageError: If there is none.
    """
    if name not in SCHEMES:
        hint = did_you_mean(name.lower(), SCHEMES)
        raise UsageError(f"there is no scheme {name!r}.{hint} There are: {', '.join(SCHEMES)}.")
    return SCHEMES[name]()
