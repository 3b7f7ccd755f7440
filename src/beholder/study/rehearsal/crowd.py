"""Many simulated observers at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from beholder.study.rehearsal.visitor import Visitor

__all__ = ["send_crowd"]


def send_crowd(visitors: Sequence[Visitor], at_once: int) -> None:
    """Have observers go the whole way, each in a thread.

    Args:
        visitors: Who.
        at_once: How many at a time, in their order.

    Raises:
        LostError: If the server does not come back; the others go on to their end first.
        TurnedAwayError: If it refuses what no observer's browser would be refused.
    """
    with ThreadPoolExecutor(at_once) as pool:
        for done in [pool.submit(visitor.visit) for visitor in visitors]:
            done.result()
