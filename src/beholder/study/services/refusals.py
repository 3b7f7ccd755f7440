"""Requests that are not granted."""

from __future__ import annotations

from beholder.spec import BeholderError

__all__ = ["RefusedError"]


class RefusedError(BeholderError):
    """A request that is not granted.

    Args:
        status: HTTP's number for it.
        text: What was found and what was expected.
        wait: Seconds after which to come again.
        word: What pages tell instead, in the observer's language: a key of ``texts/``.
    """

    def __init__(self, status: int, text: str, *, wait: int | None = None, word: str | None = None) -> None:
        super().__init__(text)
        self.status, self.wait, self.word = status, wait, word
