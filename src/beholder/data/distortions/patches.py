"""Photographs that a patch can be cut out of, and one thread to distort it in."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import torch

from beholder.spec import ShapeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from beholder.data.packs import Pack

__all__ = ["large_enough", "one_thread"]


def large_enough(pack: Pack, size: int) -> list[int]:
    """Places in a pack of the photographs that are large enough for a square, in order.

    Args:
        pack: The photographs.
        size: Side of the square, in pixels.

    Raises:
        ShapeError: If there is none.
    """
    found = [place for place, each in enumerate(pack.pictures) if min(each.height, each.width) >= size]
    if not found:
        largest = max(pack.pictures, key=lambda each: min(each.height, each.width))
        raise ShapeError(
            f"none of {len(pack)} pictures is large enough for patches of {size} pixels; the largest is "
            f"{largest.name}, {largest.width}x{largest.height}. Expected larger pictures, or a smaller size."
        )
    return found


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Compute in one thread, so that sums are rounded the same whatever the machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
