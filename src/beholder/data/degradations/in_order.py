"""One degradation after another."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

from beholder.data.degradations.degradation import Degradation, Step
from beholder.data.degradations.stored import check_picture, to_unit
from beholder.spec import UsageError

if TYPE_CHECKING:
    import torch
    from torch import Tensor

__all__ = ["InOrder"]


@dataclasses.dataclass(frozen=True)
class InOrder(Degradation):
    """Apply degradations one after another, each to the result of the one before.

    Attributes:
        parts: The degradations, first to last.

    Raises:
        UsageError: If there are none.
    """

    parts: tuple[Degradation, ...]

    def __post_init__(self) -> None:
        if not self.parts:
            raise UsageError("there are no degradations to apply in order; expected at least one.")

    @property
    def steps(self) -> tuple[Step, ...]:
        """What is done, first to last."""
        return tuple(step for part in self.parts for step in part.steps)

    @property
    def scale(self) -> int:
        """How many times smaller the result is."""
        return math.prod(part.scale for part in self.parts)

    def __call__(self, clean: Tensor, draw: torch.Generator) -> Tensor:
        """Degrade a picture, as `Degradation` says; what is drawn is drawn in order."""
        check_picture(clean)
        for part in self.parts:
            clean = part(clean, draw)
        return to_unit(clean)
