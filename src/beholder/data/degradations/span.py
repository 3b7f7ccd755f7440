"""A number that is given, or drawn from a range."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, TypeAlias

import torch

from beholder.spec import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Number", "Span", "read_span"]

Number: TypeAlias = "float | str | Sequence[float]"
"""A number, or a range: ``"10..40"``, or its two ends."""


@dataclasses.dataclass(frozen=True)
class Span:
    """A range of numbers; both ends the same for a number that is given.

    Attributes:
        low: Smallest.
        high: Largest.
    """

    low: float
    high: float

    def draw(self, draw: torch.Generator) -> float:
        """A number between the ends, all equally likely; nothing is drawn where there is but one."""
        if self.low == self.high:
            return self.low
        share = torch.rand((), dtype=torch.float64, generator=draw).item()
        return self.low + (self.high - self.low) * share

    def draw_whole(self, draw: torch.Generator) -> int:
        """A whole number from one end to the other, all equally likely; nothing is drawn where there is but one."""
        low, high = int(self.low), int(self.high)
        return low if low == high else int(torch.randint(low, high + 1, (), generator=draw).item())


def read_span(value: Number, name: str, least: float, most: float = math.inf, *, whole: bool = False) -> Span:
    """Read what an option says: ``10``, ``"10..40"``, or ``(10, 40)``.

    Args:
        value: What was given.
        name: The option's name, for errors.
        least: Smallest that is allowed.
        most: Largest that is allowed.
        whole: Whether only whole numbers are.

    Raises:
        UsageError: If it is neither a number nor a range, or leaves what is allowed.
    """
    ends = value.split("..") if isinstance(value, str) else value
    try:
        pair = [float(ends)] if isinstance(ends, int | float) else [float(end) for end in ends]
        low, high = pair * 2 if len(pair) == 1 else pair
    except (TypeError, ValueError):
        low = high = math.nan
    fits = math.isfinite(high) and least <= min(low, high) and max(low, high) <= most
    if not fits or (whole and not (low.is_integer() and high.is_integer())):
        kind = "a whole number" if whole else "a number"
        limits = f"at least {least:g}" if math.isinf(most) else f"from {least:g} to {most:g}"
        raise UsageError(f"{name} is {value!r}; expected {kind} {limits}, or a range such as 10..40.")
    if high < low:
        raise UsageError(f"{name} is {value!r}, which runs backwards; expected the smaller end first.")
    return Span(low, high)
