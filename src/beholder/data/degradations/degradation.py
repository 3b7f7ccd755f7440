"""What every degradation promises."""

from __future__ import annotations

import abc
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import Tensor

__all__ = ["Degradation", "Step"]


class Degradation(abc.ABC):
    """A way to spoil a picture, which is a pure function of the picture and of what is drawn."""

    @property
    @abc.abstractmethod
    def steps(self) -> tuple[Step, ...]:
        """What is done, first to last."""

    @property
    @abc.abstractmethod
    def scale(self) -> int:
        """How many times smaller the result is."""

    @abc.abstractmethod
    def __call__(self, clean: Tensor, draw: torch.Generator) -> Tensor:
        """Degrade a picture.

        Args:
            clean: Shape (3, H, W), uint8, or floating point in [0, 1].
            draw: Source of all that is drawn.

        Returns:
            Shape (3, H // scale, W // scale), float32, in [0, 1].

        Raises:
            ShapeError: If ``clean`` is not such a picture, or too small.
        """


class Step(Degradation):
    """A degradation that is not made of others, and tells which pixels a pixel of its result depends on."""

    @property
    def steps(self) -> tuple[Step, ...]:
        """Itself alone."""
        return (self,)

    @property
    def scale(self) -> int:
        """How many times smaller the result is."""
        return 1

    @property
    def grid(self) -> int:
        """Side of the blocks that are treated together, a multiple of `scale`."""
        return 1

    @property
    def reach(self) -> int:
        """How many pixels beyond its own a pixel of the result looks, before that is widened to whole blocks."""
        return 0
