"""Whether code runs to be recorded as a graph, for pictures of any size and value."""

from __future__ import annotations

from torch import jit

__all__ = ["is_traced"]


def is_traced() -> bool:
    """Whether what runs here is being traced."""
    return bool(jit.is_tracing())  # type: ignore[attr-defined,no-untyped-call]
