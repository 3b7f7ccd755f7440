"""What the layers of a network weigh in a loss."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from beholder.spec import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["read_layer_weights"]


def read_layer_weights(given: str | float | Sequence[float] | None, layers: int) -> tuple[float, ...]:
    """Weights of layers, as an option names them.

    Args:
        given: A list, or numbers joined by ``+`` (``"1+0.5"``); ``None`` for 1 each.
        layers: How many layers there are.

    Raises:
        UsageError: If they are not as many numbers, of at least 0, as there are layers.
    """
    if given is None:
        return (1.0,) * layers
    parts = (
        given.split("+") if isinstance(given, str) else [given] if isinstance(given, int | float) else given
    )
    try:
        weights = tuple(float(part) for part in parts)
    except (TypeError, ValueError):
        weights = ()
    if len(weights) != layers or not all(0 <= weight < math.inf for weight in weights):
        raise UsageError(
            f"layer_weights is {given!r}; expected {layers} numbers of at least 0, joined by '+': one for each layer."
        )
    return weights
