"""What the names of many files share, to be told once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["common_folder"]


def common_folder(paths: Sequence[str]) -> str:
    """The leading folders that all paths share, with the closing separator; empty when there are none."""
    first, last = min(paths, default=""), max(paths, default="")
    end = 0
    for place, (sign, other) in enumerate(zip(first, last, strict=False)):
        if sign != other:
            break
        if sign in "/\\":
            end = place + 1
    return first[:end]
