"""What was done with the study, kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from beholder.study.database import now
from beholder.study.models import Event

if TYPE_CHECKING:
    from sqlalchemy.orm import Session as Transaction

__all__ = ["note"]


def note(transaction: Transaction, who: str, what: str, detail: dict[str, Any]) -> None:
    """Add a line to the log."""
    transaction.add(Event(at=now(), who=who, what=what, detail=detail))
