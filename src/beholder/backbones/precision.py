"""What pretrained networks compute in, apart from the formulas around them."""

from __future__ import annotations

import contextlib
from contextvars import ContextVar
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

__all__ = ["formulas_in_full", "network_precision"]

# Of this thread: what autocast said before `formulas_in_full` switched it off.
_ASKED: ContextVar[torch.dtype | None] = ContextVar("asked", default=None)


@contextlib.contextmanager
def formulas_in_full(like: Tensor) -> Iterator[None]:
    """Within, autocast is off, but for pretrained networks: these compute in what it said outside.

    A network's features keep two or three digits in bfloat16. The difference of two such features, divided by its
    size, keeps none if it is taken in bfloat16 as well.
    """
    device = like.device.type
    asked = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else _ASKED.get()
    token = _ASKED.set(asked)
    try:
        with torch.autocast(device, enabled=False):
            yield
    finally:
        _ASKED.reset(token)


def network_precision() -> torch.dtype | None:
    """What pretrained networks compute in here; ``None`` for the type of their weights."""
    return _ASKED.get()
