"""The observers as the experimenter sees them: where each is, how they did, and whether they count."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Literal, TypeAlias

from sqlalchemy import and_, func, select

from beholder.study.database import now
from beholder.study.models import Observer, Response, Session, Trial
from beholder.study.services.audit import note
from beholder.study.services.refusals import RefusedError
from beholder.study.services.rules import Attention, attention
from beholder.study.services.votes import LEASE, counts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session as Transaction

__all__ = [
    "Quartiles",
    "Sitting",
    "Standing",
    "exclude",
    "include",
    "quartiles",
    "quartiles_of_all",
    "sittings",
    "standings",
]

Way: TypeAlias = Literal["finished", "at it", "left"]
Quartiles: TypeAlias = list[float]
"""Lower quartile, median and upper quartile, each a value that there was: ranks ⌈n/4⌉, ⌈n/2⌉ and ⌈3n/4⌉ of n."""

_NOBODY = Attention(catches=0, right=0, answers=0, implausible=0)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Standing:
    """Where an observer is.

    Attributes:
        number: Their id.
        name: Their pseudonym.
        language: What they read.
        begun: When they came.
        heard: When they last answered, or fetched a trial, which is noted every ten minutes.
        step: Their step.
        way: ``finished``: at the thanks; ``at it``; ``left``: not heard of for longer than trials are kept for them.
        session: Sessions that they have begun.
        done: Trials of the last one that are answered, training apart.
        total: How many it has.
        spoiled: Trials of all sessions that were not shown as they should have been.
        failed: Why they do not count, by the study's rules.
        excluded: Why they do not count, in the experimenter's words.
    """

    number: int
    name: str
    language: str
    begun: int
    heard: int
    step: str
    way: Way
    session: int
    done: int
    total: int
    spoiled: int
    failed: str | None
    excluded: str | None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sitting:
    """How an observer did.

    Attributes:
        standing: Where they are.
        attention: Catch trials, and answers that came too quickly.
        milliseconds: Of their answers, training apart; ``None`` where there is none.
        dropped: Frames that came late while they looked.
    """

    standing: Standing
    attention: Attention
    milliseconds: Quartiles | None
    dropped: int


def standings(transaction: Transaction) -> list[Standing]:
    """All observers, who came last first."""
    main = Trial.purpose != "training"
    query = (
        select(
            Session.observer_id,
            Session.leased,
            func.count().filter(and_(main, Trial.state == "answered")),
            func.count().filter(and_(main, Trial.state != "spoiled")),
            func.count().filter(and_(main, Trial.state == "spoiled")),
        )
        .join(Trial, Trial.session_id == Session.id, isouter=True)
        .group_by(Session.id)
        .order_by(Session.number)
    )
    sessions: dict[int, list[tuple[int, int, int, int]]] = {}
    for observer, *told in transaction.execute(query):
        sessions.setdefault(observer, []).append((told[0], told[1], told[2], told[3]))
    names = ("id", "name", "language", "created", "seen", "step", "failed", "excluded")
    observers = select(*(getattr(Observer, name) for name in names)).order_by(Observer.id.desc())
    moment, found = now(), []
    for number, name, language, created, seen, step, failed, excluded in transaction.execute(observers):
        own = sessions.get(number, [])
        leased, done, total, _ = own[-1] if own else (0, 0, 0, 0)
        heard = max(seen, leased - LEASE)
        way: Way = "finished" if step == "thanks" else "left" if heard < moment - LEASE else "at it"
        standing = Standing(
            number=number,
            name=name,
            language=language,
            begun=created,
            heard=heard,
            step=step,
            way=way,
            session=len(own),
            done=done,
            total=total,
            spoiled=sum(each[-1] for each in own),
            failed=failed,
            excluded=excluded,
        )
        found.append(standing)
    return found


def sittings(transaction: Transaction, those: Sequence[Standing]) -> list[Sitting]:
    """How some observers did, in their order."""
    numbers = [each.number for each in those]
    looked, times = attention(transaction, numbers), quartiles(transaction, numbers)
    query = (
        select(Session.observer_id, func.sum(Response.timing["dropped"].as_integer()))
        .select_from(Response)
        .join(Trial, Response.trial_id == Trial.id)
        .join(Session, Trial.session_id == Session.id)
        .where(Session.observer_id.in_(numbers), Trial.purpose != "training")
        .group_by(Session.observer_id)
    )
    late = {observer: int(dropped or 0) for observer, dropped in transaction.execute(query)}
    return [
        Sitting(
            standing=each,
            attention=looked.get(each.number, _NOBODY),
            milliseconds=times.get(each.number),
            dropped=late.get(each.number, 0),
        )
        for each in those
    ]


def quartiles(transaction: Transaction, observers: list[int]) -> dict[int, Quartiles]:
    """Quartiles of the time to an answer, in milliseconds, by observer."""
    rank = func.row_number().over(partition_by=Session.observer_id, order_by=Response.milliseconds)
    count = func.count().over(partition_by=Session.observer_id)
    ranked = (
        select(
            Session.observer_id.label("observer"),
            Response.milliseconds,
            rank.label("rank"),
            count.label("n"),
        )
        .select_from(Response)
        .join(Trial, Response.trial_id == Trial.id)
        .join(Session, Trial.session_id == Session.id)
        .where(Session.observer_id.in_(observers), Trial.purpose != "training")
        .subquery()
    )
    found: dict[int, Quartiles] = {}
    ranks = [(quarter * ranked.c.n + 3) // 4 for quarter in (1, 2, 3)]
    query = select(ranked.c.observer, ranked.c.milliseconds, *(ranked.c.rank == each for each in ranks))
    for observer, milliseconds, *which in transaction.execute(query.where(ranked.c.rank.in_(ranks))):
        place = found.setdefault(observer, [0.0, 0.0, 0.0])
        for quarter, here in enumerate(which):
            if here:
                place[quarter] = milliseconds
    return found


def quartiles_of_all(transaction: Transaction) -> Quartiles | None:
    """Quartiles of the time to an answer, in milliseconds, of all observers who count."""
    query = (
        select(Response.milliseconds)
        .join(Trial, Response.trial_id == Trial.id)
        .join(Session, Trial.session_id == Session.id)
        .join(Observer, Session.observer_id == Observer.id)
        .where(Trial.purpose != "training", counts())
        .order_by(Response.milliseconds)
    )
    times = list(transaction.scalars(query))
    return [times[(quarter * len(times) + 3) // 4 - 1] for quarter in (1, 2, 3)] if times else None


def exclude(transaction: Transaction, name: str, reason: str) -> None:
    """Have an observer's answers not count; they are kept, and the stimuli get others.

    Raises:
        RefusedError: If nobody is called so, or they are excluded already.
    """
    observer = _named(transaction, name)
    if observer.excluded is not None:
        raise RefusedError(409, f"observer {name} is excluded already.")
    observer.excluded = reason
    note(transaction, "experimenter", "excluded", {"observer": name, "reason": reason})


def include(transaction: Transaction, name: str, reason: str) -> None:
    """Have the answers of an excluded observer count again, unless they failed by the study's rules.

    Raises:
        RefusedError: If nobody is called so, or they are not excluded.
    """
    observer = _named(transaction, name)
    if observer.excluded is None:
        raise RefusedError(409, f"observer {name} is not excluded.")
    told = {"observer": name, "reason": reason, "excluded for": observer.excluded}
    observer.excluded = None
    note(transaction, "experimenter", "included", told)


def _named(transaction: Transaction, name: str) -> Observer:
    observer = transaction.scalar(select(Observer).where(Observer.name == name))
    if observer is None:
        raise RefusedError(404, f"observer: found {name!r}; nobody here is called so.")
    return observer
