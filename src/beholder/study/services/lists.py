"""Long lists, a page at a time: the stimuli, and what was done with the study."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sqlalchemy import func, or_, select

from beholder.study.models import Event, Observer, Picture, Session, Stimulus, Trial
from beholder.study.services.refusals import RefusedError
from beholder.study.services.votes import taken

if TYPE_CHECKING:
    from sqlalchemy.orm import Session as Transaction

__all__ = ["PAGE", "Done", "Page", "Shown", "list_events", "list_stimuli", "picture_of"]

PAGE = 50
"""Entries of a page."""

_Entry = TypeVar("_Entry")


@dataclasses.dataclass(frozen=True)
class Page(Generic[_Entry]):
    """A page of a list.

    Attributes:
        total: Entries of the whole list.
        entries: Those of the page.
    """

    total: int
    entries: list[_Entry]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Shown:
    """A stimulus, as `beholder.study.models.Stimulus`.

    Attributes:
        roles: Its pictures: ``reference``, where it has one, ``p0`` and ``p1``.
        votes: Of observers who count.
        kept: Trials that observers are at, who will vote.
    """

    number: int
    name: str
    purpose: str
    condition0: str | None
    condition1: str | None
    strength: float | None
    expected: str | None
    width: int
    height: int
    roles: list[str]
    votes: int
    kept: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Done:
    """A line of the log, as `beholder.study.models.Event`."""

    number: int
    at: int
    who: str
    what: str
    detail: dict[str, Any]


def list_stimuli(transaction: Transaction, search: str, first: int) -> Page[Shown]:
    """Stimuli in whose name, condition or purpose a text is found, whichever its case; judged ones first.

    Args:
        transaction: What reads.
        search: The text; an empty one is found everywhere.
        first: How many to leave out.
    """
    named = (Stimulus.name, Stimulus.condition0, Stimulus.condition1, Stimulus.purpose)
    found = or_(*(column.icontains(search, autoescape=True) for column in named))
    total = transaction.scalar(select(func.count()).select_from(Stimulus).where(found)) or 0
    query = (
        select(Stimulus, Picture)
        .join(Picture, Stimulus.p0 == Picture.digest)
        .where(found)
        .order_by(Stimulus.purpose != "judged", Stimulus.purpose, Stimulus.id)
    )
    rows = transaction.execute(query.offset(first).limit(PAGE)).all()
    votes = _votes(transaction, [stimulus.id for stimulus, _ in rows])
    return Page(total, [_shown(stimulus, size, *votes.get(stimulus.id, (0, 0))) for stimulus, size in rows])


def _shown(stimulus: Stimulus, size: Picture, votes: int, kept: int) -> Shown:
    return Shown(
        number=stimulus.id,
        name=stimulus.name,
        purpose=stimulus.purpose,
        condition0=stimulus.condition0,
        condition1=stimulus.condition1,
        strength=stimulus.strength,
        expected=stimulus.expected,
        width=size.width,
        height=size.height,
        roles=["p0", "p1"] if stimulus.reference is None else ["reference", "p0", "p1"],
        votes=votes,
        kept=kept,
    )


def _votes(transaction: Transaction, stimuli: list[int]) -> dict[int, tuple[int, int]]:
    """Votes, and trials that will be, of some stimuli."""
    query = (
        select(
            Trial.stimulus_id,
            func.count().filter(Trial.state == "answered"),
            func.count().filter(Trial.state == "open"),
        )
        .join(Session, Trial.session_id == Session.id)
        .join(Observer, Session.observer_id == Observer.id)
        .where(Trial.stimulus_id.in_(stimuli), taken())
        .group_by(Trial.stimulus_id)
    )
    return {number or 0: (votes, kept) for number, votes, kept in transaction.execute(query)}


def picture_of(transaction: Transaction, stimulus: int, role: str) -> str:
    """The digest of a stimulus's picture.

    Raises:
        RefusedError: If there is no such stimulus, or it has no such picture.
    """
    found = transaction.get(Stimulus, stimulus)
    digest = (
        None if found is None else {"reference": found.reference, "p0": found.p0, "p1": found.p1}.get(role)
    )
    if digest is None:
        raise RefusedError(
            404, "there is no such picture; a stimulus has p0 and p1, and most have a reference."
        )
    return digest


def list_events(transaction: Transaction, first: int) -> Page[Done]:
    """What was done with the study, the latest first.

    Args:
        transaction: What reads.
        first: How many to leave out.
    """
    total = transaction.scalar(select(func.count()).select_from(Event)) or 0
    query = select(Event).order_by(Event.id.desc()).offset(first).limit(PAGE)
    return Page(
        total,
        [
            Done(number=each.id, at=each.at, who=each.who, what=each.what, detail=each.detail)
            for each in transaction.scalars(query)
        ],
    )
