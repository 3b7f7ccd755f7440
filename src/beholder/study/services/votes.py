"""Votes: whose count, how many each stimulus has or is about to get, and how many are still wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, func, or_, select

from beholder.study.database import now
from beholder.study.models import Observer, Session, Stimulus, Trial

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session as Transaction

    from beholder.study.design import Design

__all__ = ["LEASE", "counts", "loads", "seen_by", "taken", "wanted"]

LEASE = 20 * 60 * 1000
"""Milliseconds for which open trials are kept for an observer who is not heard of."""


def counts() -> ColumnElement[bool]:
    """Which observers' answers count: a condition for queries."""
    return and_(Observer.failed.is_(None), Observer.excluded.is_(None))


def taken() -> ColumnElement[bool]:
    """Which trials are votes, or are kept for observers, who will vote: a condition for queries of all tables."""
    waiting = and_(Trial.state == "open", Session.leased > now())
    return and_(Trial.purpose == "judged", or_(Trial.state == "answered", waiting), counts())


def loads(transaction: Transaction) -> dict[int, int]:
    """Votes of each judged stimulus, and trials that are kept for observers, who will vote."""
    rows = transaction.execute(
        select(Trial.stimulus_id, func.count())
        .join(Session, Trial.session_id == Session.id)
        .join(Observer, Session.observer_id == Observer.id)
        .where(Trial.stimulus_id.is_not(None), taken())
        .group_by(Trial.stimulus_id)
    )
    found = dict.fromkeys(transaction.scalars(select(Stimulus.id).where(Stimulus.purpose == "judged")), 0)
    for stimulus, count in rows:
        if stimulus in found:
            found[stimulus] = count
    return found


def wanted(transaction: Transaction, design: Design) -> int:
    """Votes that nobody has given and nobody is about to give, over all stimuli."""
    stimuli = transaction.scalar(select(func.count()).where(Stimulus.purpose == "judged")) or 0
    votes = transaction.scalar(
        select(func.count())
        .select_from(Trial)
        .join(Session, Trial.session_id == Session.id)
        .join(Observer, Session.observer_id == Observer.id)
        .where(taken())
    )
    return max(0, design.votes * stimuli - (votes or 0))


def seen_by(transaction: Transaction, observer: Observer) -> set[int]:
    """The stimuli that an observer has judged, or is about to."""
    query = (
        select(Trial.stimulus_id)
        .join(Session)
        .where(Session.observer_id == observer.id, Trial.purpose == "judged", Trial.stimulus_id.is_not(None))
    )
    return {number for number in transaction.scalars(query) if number is not None}
