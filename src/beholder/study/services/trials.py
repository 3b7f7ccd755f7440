"""A trial at a time: what is shown now, and what was answered."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from beholder.study.database import now
from beholder.study.models import Observer, Response, Session, Stimulus, Trial
from beholder.study.services.planning import plan_session, renew
from beholder.study.services.refusals import RefusedError
from beholder.study.services.rules import judge_observer
from beholder.study.services.sampling import choose
from beholder.study.services.votes import LEASE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session as Transaction

    from beholder.study.database import Database
    from beholder.study.design import Design

__all__ = ["Given", "Now", "answer", "current", "finish", "own_trial", "rest", "roles", "start_again"]

_MOST_REQUEUED = 3
_SIDES = {"left": 0, "right": 1}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Now:
    """Where an observer is.

    Attributes:
        trial: What to show; ``None`` in a break.
        coming: The trial after, whose pictures can be fetched already.
        done: Trials of the session that are answered, training apart.
        total: How many there are.
        rest: Whether it is time for a break.
    """

    trial: Trial | None
    coming: Trial | None
    done: int
    total: int
    rest: bool


@dataclasses.dataclass(frozen=True, kw_only=True)
class Given:
    """What an observer's browser tells of an answer.

    Attributes:
        shown: The answer as it was seen: ``left``, ``right``, ``tie``, ``same``, ``different``; ``None`` where the pictures
            were not shown as they should have been, and nothing was asked.
        milliseconds: Time to the answer.
        timing: Frames and flips.
    """

    shown: str | None
    milliseconds: float
    timing: dict[str, Any] | None = None


def current(transaction: Transaction, database: Database, design: Design, observer: Observer) -> Now:
    """What an observer sees now; their session is planned where they have none.

    Raises:
        RefusedError: If there is nothing for them.
    """
    session = observer.sessions[-1] if observer.sessions else None
    if session is None:
        database.alone(transaction)
        session = plan_session(transaction, design, observer)
    moment = now()
    if session.leased < moment:
        database.alone(transaction)
        renew(transaction, design, session)
    elif session.leased < moment + LEASE // 2:
        session.leased = moment + LEASE
    if design.sampling != "even":
        choose(transaction, design, session)
    ahead = _ahead(transaction, session)
    done, total = _progress(transaction, session)
    if not ahead:
        finish(transaction, design, session)
        return Now(trial=None, coming=None, done=done, total=total, rest=False)
    every = design.session.breaks.every
    # Nobody rests for the sake of a few trials that are left.
    if (
        every
        and done - session.rested >= every
        and total - done > every // 4
        and ahead[0].purpose != "training"
    ):
        return Now(trial=None, coming=ahead[0], done=done, total=total, rest=True)
    if ahead[0].shown is None:
        ahead[0].shown = moment
    return Now(trial=ahead[0], coming=ahead[1] if ahead[1:] else None, done=done, total=total, rest=False)


def _ahead(transaction: Transaction, session: Session) -> Sequence[Trial]:
    """The trial to show and the one after, as far as there are any, with their stimuli; not all hundred of a session."""
    query = (
        select(Trial)
        .where(Trial.session_id == session.id, Trial.state == "open")
        .order_by(Trial.position)
        .limit(2)
        .options(joinedload(Trial.stimulus))
    )
    return transaction.scalars(query).all()


def _progress(transaction: Transaction, session: Session) -> tuple[int, int]:
    """Trials that are answered, and all, training apart."""
    query = select(func.count().filter(Trial.state == "answered"), func.count()).where(
        Trial.session_id == session.id, Trial.purpose != "training", Trial.state != "spoiled"
    )
    done, total = transaction.execute(query).one()
    return done, total


def finish(transaction: Transaction, design: Design, session: Session) -> None:
    """End a session whose trials are all answered, and look whether its observer looked."""
    if session.done is None:
        session.done = now()
        session.observer.step = "thanks"
        judge_observer(transaction, design, session.observer)


def start_again(transaction: Transaction, database: Database, design: Design, observer: Observer) -> None:
    """Begin another session of an observer who has done one.

    Raises:
        RefusedError: If they have done all that the design allows, or are in the middle of one.
    """
    if observer.step != "thanks":
        raise RefusedError(409, "a session is not done yet; go on with it.")
    if len(observer.sessions) >= design.session.sessions:
        raise RefusedError(409, f"an observer has {design.session.sessions} sessions at most; they are done.")
    database.alone(transaction)
    plan_session(transaction, design, observer)
    observer.step = "trials"


def rest(transaction: Transaction, observer: Observer) -> None:
    """End a break."""
    if observer.sessions:
        session = observer.sessions[-1]
        session.rested, _ = _progress(transaction, session)


def own_trial(transaction: Transaction, observer: Observer, number: int, *, alone: bool = False) -> Trial:
    """A trial of this observer.

    Args:
        transaction: What reads or writes.
        observer: Who.
        number: The trial's.
        alone: Whether others wait until this transaction ends who want it so, too: the same answer, sent again while the
            first is still being stored, then finds it.

    Raises:
        RefusedError: If it is somebody else's, or nobody's.
    """
    together = (joinedload(Trial.session), joinedload(Trial.stimulus))
    lock = {"of": Trial} if alone else None
    trial = transaction.get(Trial, number, options=together, with_for_update=lock)
    if trial is None or trial.session.observer_id != observer.id:
        raise RefusedError(403, "this trial is not this observer's.")
    return trial


def answer(transaction: Transaction, design: Design, trial: Trial, given: Given) -> tuple[bool, bool | None]:
    """Store an answer, once.

    Args:
        transaction: What writes.
        design: The study's.
        trial: Which was shown.
        given: The answer; without one the trial comes again, three times at most, at the session's end.

    Returns:
        Whether it was stored now (``False``: it was there already, the same), and whether it is right, where that is
        known and told: in training.

    Raises:
        RefusedError: If the trial has another answer, is not the one that is shown, or the answer is none.
    """
    stimulus = trial.stimulus
    if stimulus is None or trial.shown is None:
        raise RefusedError(409, "this trial was not shown yet.")
    if given.shown is None:
        return _requeue(transaction, trial), None
    plain = _plain_answer(given.shown, design, swapped=trial.swapped)
    right = plain == stimulus.expected if trial.purpose == "training" else None
    before = None if trial.state == "open" else transaction.get(Response, trial.id)
    if before is not None:
        if before.answer != plain:
            raise RefusedError(409, "this trial was answered already, otherwise; the first answer counts.")
        return False, right
    if trial.state != "open":
        raise RefusedError(409, "this trial is to be shown again.")
    if trial.id != _first_open(transaction, trial.session):
        raise RefusedError(409, "this trial is not the one that is shown.")
    moment = now()
    implausible = given.milliseconds < design.screening.least_milliseconds
    transaction.add(
        Response(
            trial_id=trial.id,
            answer=plain,
            milliseconds=given.milliseconds,
            implausible=implausible,
            timing=given.timing,
            received=moment,
        )
    )
    trial.state = "answered"
    trial.session.observer.seen = moment
    trial.session.leased = moment + LEASE
    return True, right


def _plain_answer(shown: str, design: Design, *, swapped: bool) -> str:
    if design.kind == "jnd":
        allowed = {"same", "different"}
    else:
        allowed = {"left", "right", "tie"} if design.ties else {"left", "right"}
    if shown not in allowed:
        raise RefusedError(422, f"answer: found {shown!r}; expected one of {', '.join(sorted(allowed))}.")
    return f"p{_SIDES[shown] ^ swapped}" if shown in _SIDES else shown


def _first_open(transaction: Transaction, session: Session) -> int | None:
    return transaction.scalar(
        select(Trial.id)
        .where(Trial.session_id == session.id, Trial.state == "open")
        .order_by(Trial.position)
        .limit(1)
    )


def _requeue(transaction: Transaction, trial: Trial) -> bool:
    """Show a spoiled trial again at the end of the session; of training, not at all."""
    if trial.state == "spoiled":
        return False
    if trial.state != "open":
        raise RefusedError(409, "this trial was answered already.")
    if trial.requeued >= _MOST_REQUEUED:
        raise RefusedError(
            409, f"this trial came {trial.requeued} times again already; answer it as it was seen."
        )
    trial.state = "spoiled"
    trial.session.leased = now() + LEASE
    if trial.purpose == "training":
        return True
    last = (
        transaction.scalar(select(func.max(Trial.position)).where(Trial.session_id == trial.session_id)) or 0
    )
    again = Trial(
        session_id=trial.session_id,
        position=last + 1,
        purpose=trial.purpose,
        stimulus_id=trial.stimulus_id,
        repeats_id=trial.repeats_id,
        swapped=trial.swapped,
        state="open",
        requeued=trial.requeued + 1,
    )
    transaction.add(again)
    transaction.flush()
    return True


def roles(stimulus: Stimulus, *, swapped: bool) -> dict[str, str]:
    """Digests of a trial's pictures by where, or when, they are shown: ``reference``, ``0`` (left, or first) and ``1``."""
    sides = (stimulus.p1, stimulus.p0) if swapped else (stimulus.p0, stimulus.p1)
    shown = {"0": sides[0], "1": sides[1]}
    return shown if stimulus.reference is None else {"reference": stimulus.reference, **shown}
