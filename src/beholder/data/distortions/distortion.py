"""What every distortion promises."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Literal, TypeAlias

from beholder.data.degradations.stored import check_picture, to_unit
from beholder.spec import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch
    from torch import Tensor

__all__ = ["Distortion", "Kind", "check_strength"]

Kind = Literal["photometric", "noise", "blur", "spatial", "compression"]
Distort: TypeAlias = "Callable[[Tensor, float, torch.Generator], Tensor]"


@dataclasses.dataclass(frozen=True)
class Distortion:
    """A way to spoil a picture, more or less strongly.

    It is a pure function of the picture, the strength and what is drawn. How much is drawn does not depend on the
    strength: the same seed at a growing strength is the same distortion that grows.

    Attributes:
        name: As `DISTORTIONS` has it.
        kind: What sort of distortion it is.
        title: What it does, in a line.
        strength: What a strength from 0 to 1 means, in units.
        function: Takes a picture, shape (3, H, W), float32, in [0, 1], the strength and the source of all that is drawn;
            gives a new picture, same shape, type and range.
    """

    name: str
    kind: Kind
    title: str
    strength: str
    function: Distort

    def __call__(self, picture: Tensor, strength: float, draw: torch.Generator) -> Tensor:
        """Distort a picture.

        Args:
            picture: Shape (3, H, W), uint8, or floating point in [0, 1].
            strength: 0, which leaves the picture as it is but for rounding errors below 1e-4, to 1, the strongest.
            draw: Source of all that is drawn.

        Returns:
            Same shape, float32, in [0, 1], not rounded to levels.

        Raises:
            ShapeError: If ``picture`` is not such a picture.
            UsageError: If the strength is not between 0 and 1.
        """
        check_picture(picture)
        check_strength(strength)
        return self.function(to_unit(picture), strength, draw)


def check_strength(strength: float) -> None:
    """Refuse a strength that is not between 0 and 1.

    Raises:
        UsageError: If it is not.
    """
    if not 0 <= strength <= 1:
        raise UsageError(f"the strength is {strength!r}; expected a number from 0 to 1.")
