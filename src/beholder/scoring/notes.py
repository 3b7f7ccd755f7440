"""What a run has to tell of its files, each once, and no more than a reader can read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["MOST_NOTES", "Notes"]

MOST_NOTES = 1000


class Notes:
    """Notes in the order in which they came; beyond a thousand they are only counted.

    Attributes:
        kept: The notes, each once.
        more: How many came beyond those.
    """

    def __init__(self) -> None:
        self.kept: dict[str, None] = {}
        self.more = 0

    def add(self, notes: Iterable[str], more: int = 0) -> None:
        """Add notes that are new, and a number of others that nobody kept."""
        for note in notes:
            if note in self.kept:
                continue
            if len(self.kept) < MOST_NOTES:
                self.kept[note] = None
            else:
                self.more += 1
        self.more += more

    def as_dict(self) -> dict[str, Any]:
        """As the provenance holds them: ``warnings``, and ``warnings_left_out`` where there are more."""
        more = {"warnings_left_out": self.more} if self.more else {}
        return {"warnings": list(self.kept), **more}
