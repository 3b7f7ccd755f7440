"""What is trained, or optimised, against the losses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from beholder.training.stylising import stylise, stylise_stepwise

__all__ = ["stylise", "stylise_stepwise"]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for: what recipes and models there are is told without torch."""
    if name not in __all__:
        raise AttributeError(f"module 'beholder.training' has no attribute {name!r}")
    from beholder.training import stylising

    return getattr(stylising, name)
