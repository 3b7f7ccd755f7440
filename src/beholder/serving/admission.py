"""How much a server takes in hand at once: requests, and the memory that they hold."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from beholder.serving.refusals import busy

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Admission", "Held"]


class Admission:
    """Counts requests in hand and the bytes of their files and pictures.

    Only for the thread of the event loop.

    Args:
        requests: Most requests.
        memory: Most bytes. A request that is alone may hold more, so that none is refused for ever.
    """

    def __init__(self, requests: int, memory: int) -> None:
        self._most_requests = requests
        self._most_memory = memory
        self.requests = 0
        self.memory = 0

    @contextlib.contextmanager
    def admit(self) -> Iterator[Held]:
        """Take a request in hand.

        Raises:
            RefusedError: If there are as many already as may be.
        """
        if self.requests >= self._most_requests:
            raise busy(f"{self.requests} requests are in hand")
        self.requests += 1
        held = Held(self)
        try:
            yield held
        finally:
            self.requests -= 1
            held.release()

    def fits(self, more: int, own: int) -> bool:
        """Whether a request that holds ``own`` bytes may hold ``more`` beside them."""
        return self.memory == own or self.memory + more <= self._most_memory


class Held:
    """What one request holds.

    Args:
        admission: Where it is counted.
    """

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self._size = 0

    def grow(self, more: int) -> None:
        """Hold more bytes.

        Raises:
            RefusedError: If all requests together would hold too much.
        """
        if not self._admission.fits(more, self._size):
            raise busy(f"its requests hold {self._admission.memory} bytes")
        self._size += more
        self._admission.memory += more

    def release(self) -> None:
        """Hold nothing."""
        self._admission.memory -= self._size
        self._size = 0
