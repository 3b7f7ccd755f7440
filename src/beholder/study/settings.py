"""How a study is served."""

from __future__ import annotations

import dataclasses

__all__ = ["ServerSettings"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class ServerSettings:
    """How a study is served.

    Attributes:
        https: Whether browsers come by HTTPS, through a proxy that adds it: cookies are then kept from plain HTTP.
        begins_a_minute: Most new observers from one address in a minute, and at once.
        tries: Most wrong passwords or codes from one address in a quarter of an hour.
        max_bytes: Largest body of a request.
        body_seconds: Longest that a body may take to come.
    """

    https: bool = False
    begins_a_minute: int = 60
    tries: int = 10
    max_bytes: int = 65_536
    body_seconds: float = 30.0
