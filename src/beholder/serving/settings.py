"""What a server takes, and how long it waits."""

from __future__ import annotations

import dataclasses
import math

from beholder.spec import UsageError

__all__ = ["ServerSettings"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class ServerSettings:
    """What a server takes, and how long it waits.

    Attributes:
        max_bytes: Largest file of a picture.
        timeout: Seconds that a request may take, from its first byte to its scores.
        allowed_hosts: Hosts that pictures may be fetched from, see `AllowedHosts`; none by default.
        waiting: Most requests in hand; those beyond are told to come again.
        gather: Seconds that the first request of a batch waits for others.

    Raises:
        UsageError: If a value is impossible.
    """

    max_bytes: int = 25_000_000
    timeout: float = 30
    allowed_hosts: tuple[str, ...] = ()
    waiting: int = 128
    gather: float = 0.005

    def __post_init__(self) -> None:
        """Refuse impossible values."""
        for name in ("max_bytes", "waiting"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} is {getattr(self, name)}; expected 1 or more.")
        if not 0 < self.timeout < math.inf:
            raise UsageError(f"timeout is {self.timeout}; expected a number of seconds above 0.")
        if not 0 <= self.gather < self.timeout:
            raise UsageError(f"gather is {self.gather}; expected seconds from 0 to below the timeout.")
