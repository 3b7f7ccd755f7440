"""One pass of a picture through a network for all who look at it."""

from __future__ import annotations

import contextlib
from contextvars import ContextVar
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["hand_in", "look_once", "one_pass"]

Features = dict[str, Tensor]
# Of this thread's pass: network, picture, with gradients or without -> the picture itself, which keeps its id from being given on, and what
# the network made of it.
_SEEN: ContextVar[dict[tuple[int, int, bool], tuple[Tensor, Features]] | None] = ContextVar(
    "seen", default=None
)


@contextlib.contextmanager
def one_pass() -> Iterator[None]:
    """Within, a network sees each picture once; what it makes of it is held until the end.

    Backbones look through one network after `join_trunks`. A picture is known by its tensor: it must not be changed
    in place within. A pass that is open already goes on.
    """
    if _SEEN.get() is not None:
        yield
        return
    token = _SEEN.set({})
    try:
        yield
    finally:
        _SEEN.reset(token)


def look_once(network: object, x: Tensor, compute: Callable[[], Features]) -> Features | None:
    """What a network makes of a picture, computed once within `one_pass`; ``None`` outside of it."""
    seen = _SEEN.get()
    if seen is None:
        return None
    key = _key(network, x)
    if key not in seen:
        seen[key] = (x, compute())
    return seen[key][1]


def hand_in(network: object, x: Tensor, features: Features) -> None:
    """Bring what a network makes of a picture, computed elsewhere, to the `one_pass` that is open."""
    seen = _SEEN.get()
    if seen is not None:
        seen[_key(network, x)] = (x, features)


def _key(network: object, x: Tensor) -> tuple[int, int, bool]:
    return id(network), id(x), torch.is_grad_enabled()  # what was seen without gradients has none
