"""A request that is not answered with scores."""

from __future__ import annotations

from beholder.spec import BeholderError

__all__ = ["RefusedError", "busy"]


class RefusedError(BeholderError):
    """A request that is not answered with scores.

    Args:
        status: The HTTP status.
        text: What was found, what was expected, what to do.
        retry_after: Seconds after which the client may come again.
    """

    def __init__(self, status: int, text: str, *, retry_after: int | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.headers = {} if retry_after is None else {"Retry-After": str(retry_after)}


def busy(found: str) -> RefusedError:
    """The refusal of a request that would be answered at another time."""
    return RefusedError(503, f"the server is busy: {found}; send the request again later.", retry_after=1)
