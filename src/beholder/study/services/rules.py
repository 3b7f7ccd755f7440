"""Whether an observer looked: the study's own rules, told by catch trials and by time."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from sqlalchemy import Integer, func, select

from beholder.study.database import now
from beholder.study.models import Observer, Response, Session, Stimulus, Trial
from beholder.study.services.audit import note

if TYPE_CHECKING:
    from sqlalchemy.orm import Session as Transaction

    from beholder.study.design import Design

__all__ = ["Attention", "attention", "judge_observer", "judge_unfinished"]

_LEAST_CATCHES = 4  # of fewer nothing can be told


@dataclasses.dataclass(frozen=True, kw_only=True)
class Attention:
    """What tells whether an observer looks.

    Attributes:
        catches: Catch trials that were answered.
        right: How many of them rightly.
        answers: Answers, training apart.
        implausible: How many came too quickly.
    """

    catches: int
    right: int
    answers: int
    implausible: int

    def failure(self, design: Design) -> str | None:
        """Why the answers do not count, if so."""
        catch, screening = design.catch, design.screening
        if self.catches >= _LEAST_CATCHES and self.right < catch.least_right * self.catches:
            return f"{self.right} of {self.catches} catch trials right, less than {catch.least_right:.0%}"
        if self.answers and self.implausible > screening.most_implausible * self.answers:
            return (
                f"{self.implausible} of {self.answers} answers in less than {screening.least_milliseconds} ms, more than "
                f"{screening.most_implausible:.0%}"
            )
        return None


def attention(transaction: Transaction, observers: list[int] | None = None) -> dict[int, Attention]:
    """The attention of observers, by their ids; of all by default."""
    right = func.sum(func.coalesce((Response.answer == Stimulus.expected).cast(Integer), 0))
    caught = func.sum((Trial.purpose == "catch").cast(Integer))
    query = (
        select(Session.observer_id, caught, right, func.count(), func.sum(Response.implausible.cast(Integer)))
        .select_from(Response)
        .join(Trial, Response.trial_id == Trial.id)
        .join(Stimulus, Trial.stimulus_id == Stimulus.id)
        .join(Session, Trial.session_id == Session.id)
        .where(Trial.purpose != "training")
        .group_by(Session.observer_id)
    )
    if observers is not None:
        query = query.where(Session.observer_id.in_(observers))
    return {
        number: Attention(catches=int(catches), right=int(good), answers=int(answers), implausible=int(quick))
        for number, catches, good, answers, quick in transaction.execute(query)
    }


def judge_observer(transaction: Transaction, design: Design, observer: Observer) -> None:
    """Have an observer's answers not count where the rules say so; they are kept."""
    transaction.flush()
    found = attention(transaction, [observer.id]).get(observer.id)
    reason = None if found is None else found.failure(design)
    if reason is not None and observer.failed is None:
        note(transaction, "study", "failed", {"observer": observer.name, "reason": reason})
    observer.failed = reason


def judge_unfinished(transaction: Transaction, design: Design, *, absent: bool) -> None:
    """Have answers not count, where the rules say so, of observers who are in the middle of a session.

    Args:
        transaction: What writes.
        design: Holds the rules.
        absent: Only of those who were not heard of for so long that their trials are others'; else of all.
    """
    transaction.flush()
    query = select(Observer).join(Session).where(Session.done.is_(None), Observer.failed.is_(None))
    if absent:
        query = query.where(Session.leased < now())
    observers = {observer.id: observer for observer in transaction.scalars(query)}
    for number, found in attention(transaction, list(observers)).items() if observers else ():
        reason = found.failure(design)
        if reason is not None:
            observers[number].failed = reason
            note(transaction, "study", "failed", {"observer": observers[number].name, "reason": reason})
