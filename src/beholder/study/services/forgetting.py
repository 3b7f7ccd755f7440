"""What was told of persons, deleted when its time has come."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from sqlalchemy import func, null, or_, select, update

from beholder.study.models import Observer
from beholder.study.services.audit import note

if TYPE_CHECKING:
    from sqlalchemy.orm import Session as Transaction

    from beholder.study.design import Design

__all__ = ["forget_persons"]


def forget_persons(transaction: Transaction, design: Design) -> int:
    """From the design's day of retention on, delete demographics and screens; answers stay.

    Returns:
        Of how many observers.
    """
    if dt.datetime.now(dt.UTC).date() < design.retention:
        return 0
    told = or_(Observer.demographics.is_not(None), Observer.screen.is_not(None))
    found = transaction.scalar(select(func.count()).select_from(Observer).where(told)) or 0
    if found:
        transaction.execute(update(Observer).where(told).values(demographics=null(), screen=null()))
        note(transaction, "study", "forgot", {"observers": found})
    return found
