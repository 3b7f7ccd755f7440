"""What a set of distortions is, of which each triplet has two."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch
    from torch import Tensor

__all__ = ["Choice", "Scheme"]


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

    @property
    def told(self) -> Mapping[str, Any]:
        """What else than its name the distortions depend on."""
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
