"""Checks on what a network is built with and called with."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from torch import Tensor

from beholder.spec import ShapeError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["check_choice", "check_count", "check_flag", "check_input", "check_positive"]


def check_count(name: str, value: Any, minimum: int = 1) -> None:
    """Refuse an option that is no whole number of at least ``minimum``.

    Raises:
        UsageError: If it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < minimum:
        raise UsageError(f"{name} is {value!r}; expected a whole number of at least {minimum}.")


def check_positive(name: str, value: Any) -> None:
    """Refuse an option that is no finite number above 0.

    Raises:
        UsageError: If it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise UsageError(f"{name} is {value!r}; expected a number above 0.")


def check_flag(name: str, value: Any) -> None:
    """Refuse an option that is neither true nor false.

    Raises:
        UsageError: If it is neither.
    """
    if not isinstance(value, bool):
        raise UsageError(f"{name} is {value!r}; expected true or false.")


def check_choice(name: str, value: Any, allowed: Sequence[Any]) -> None:
    """Refuse an option that is none of the allowed ones.

    Raises:
        UsageError: If it is none of them.
    """
    # True == 1, but who writes `scale: true` does not mean 1.
    if isinstance(value, bool) or value not in allowed:
        raise UsageError(f"{name} is {value!r}; expected one of {', '.join(map(str, allowed))}.")


def check_input(x: Any, channels: int, min_size: int = 1) -> None:
    """Refuse what is no batch of pictures with that many channels; half precision is welcome.

    Raises:
        ShapeError: If ``x`` is no floating-point tensor of shape (N, channels, H, W), H and W at least ``min_size``.
    """
    if not isinstance(x, Tensor):
        raise ShapeError(
            f"the input is {type(x).__name__}; expected a tensor of shape (N, {channels}, H, W)."
        )
    if x.ndim != 4 or x.shape[0] == 0 or x.shape[1] != channels:
        raise ShapeError(f"the input has shape {tuple(x.shape)}; expected (N, {channels}, H, W).")
    if not x.is_floating_point():
        raise ShapeError(
            f"the input has type {x.dtype}; expected floating point: divide 8-bit pictures by 255."
        )
    height, width = x.shape[-2:]
    if min(height, width) < min_size:
        raise ShapeError(f"the picture is {width}x{height}; expected at least {min_size}x{min_size} pixels.")
