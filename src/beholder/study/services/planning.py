"""What a session shows: known trials, judged ones that need votes most, repetitions; sides even."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import select

from beholder.study.database import now
from beholder.study.models import Session, Stimulus, Trial
from beholder.study.services.refusals import RefusedError
from beholder.study.services.rules import judge_unfinished
from beholder.study.services.sampling import askable
from beholder.study.services.votes import LEASE, loads, seen_by, wanted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.orm import Session as Transaction

    from beholder.study.design import Design
    from beholder.study.models import Observer

__all__ = ["plan_session", "renew"]


def plan_session(transaction: Transaction, design: Design, observer: Observer) -> Session:
    """Plan an observer's next session; call it where no other is planned at the same time.

    Raises:
        RefusedError: If all stimuli have their votes, or the observer has judged all that still need some.
    """
    judge_unfinished(transaction, design, absent=True)
    number = len(observer.sessions)
    draw = np.random.default_rng([design.seed, observer.seed, number])
    stimuli = _judged(transaction, design, observer, draw, design.session.trials)
    if not stimuli:
        raise RefusedError(
            410, "every picture has the votes it needs, or waits for an observer who is at it."
        )
    moment = now()
    session = Session(observer_id=observer.id, number=number, begun=moment, leased=moment + LEASE, rested=0)
    training = _known(transaction, "training", design.training.trials, draw) if number == 0 else []
    catch = _known(transaction, "catch", design.catch.identical + design.catch.noise, draw)
    judged = [Trial(purpose="judged", stimulus_id=each) for each in stimuli]
    known = [Trial(purpose="catch", stimulus_id=each) for each in catch]
    repeats = [
        Trial(purpose="repeat", stimulus_id=judged[place].stimulus_id)
        for place in draw.permutation(len(judged))[: design.session.repetitions]
    ]
    trials = [Trial(purpose="training", stimulus_id=each) for each in training]
    trials += _order(judged, known, repeats, draw)
    _even_sides(trials, draw, _expected(transaction))
    for position, trial in enumerate(trials):
        trial.position, trial.state, trial.requeued = position, "open", 0
    session.trials = trials
    transaction.add(session)
    transaction.flush()
    firsts = {trial.stimulus_id: trial.id for trial in judged}
    for trial in repeats:
        trial.repeats_id = firsts[trial.stimulus_id]
    observer.sessions.append(session)
    return session


def renew(transaction: Transaction, design: Design, session: Session) -> None:
    """Keep a session's open trials for its observer again, after others may have had them.

    Trials that were never shown get the stimuli that need votes most now; where too few do, the rest is dropped.
    """
    unseen = [
        trial
        for trial in session.trials
        if trial.purpose == "judged" and trial.state == "open" and not trial.shown
    ]
    draw = np.random.default_rng([design.seed, session.observer.seed, session.number, now()])
    for trial in unseen:
        trial.stimulus_id = None
    transaction.flush()
    stimuli = _judged(transaction, design, session.observer, draw, len(unseen))
    repeats = {trial.repeats_id: trial for trial in session.trials if trial.repeats_id is not None}
    for trial, stimulus in zip(unseen, stimuli, strict=False):
        trial.stimulus_id = stimulus
        if trial.id in repeats:
            repeats[trial.id].stimulus_id = stimulus
    for trial in unseen[len(stimuli) :]:
        for dropped in [repeats.get(trial.id), trial]:
            if dropped is not None:
                session.trials.remove(dropped)
    session.leased = now() + LEASE


def _judged(
    transaction: Transaction, design: Design, observer: Observer, draw: np.random.Generator, count: int
) -> Sequence[int | None]:
    """The stimuli with the fewest votes that this observer has not seen; ties by chance.

    Where each trial hangs on the answers before, as many ``None`` as there are votes left to give.
    """
    if design.sampling != "even":
        return [None] * min(count, askable(transaction, design, observer), wanted(transaction, design))
    load, seen = loads(transaction), seen_by(transaction, observer)
    needy = [stimulus for stimulus, votes in load.items() if votes < design.votes and stimulus not in seen]
    chance = draw.permutation(len(needy))
    order = sorted(range(len(needy)), key=lambda place: (load[needy[place]], chance[place]))
    return [needy[place] for place in order[:count]]


def _known(transaction: Transaction, purpose: str, count: int, draw: np.random.Generator) -> list[int]:
    """Known trials, as many of each kind of answer and trial as the pool has in turn."""
    pool = list(
        transaction.execute(
            select(Stimulus.id, Stimulus.name).where(Stimulus.purpose == purpose).order_by(Stimulus.id)
        )
    )
    kinds: dict[str, list[int]] = {}
    for place in draw.permutation(len(pool)):
        stimulus, name = pool[place]
        kinds.setdefault(name.split("/")[1], []).append(stimulus)
    sizes = {kind: len(each) for kind, each in kinds.items()}
    chosen: list[int] = []
    # In proportion to the pool, which was made in the proportions that the design asks for.
    while len(chosen) < min(count, len(pool)):
        kind = max(kinds, key=lambda each: (len(kinds[each]) / sizes[each], each))
        chosen.append(kinds[kind].pop())
    return [chosen[place] for place in draw.permutation(len(chosen))]


def _order(
    judged: list[Trial], known: list[Trial], repeats: list[Trial], draw: np.random.Generator
) -> list[Trial]:
    """Shuffled, a repetition after what it repeats, half a session later where it can be."""
    first = [*judged, *known]
    order = [first[place] for place in draw.permutation(len(first))]
    for trial in repeats:
        place = next(
            i
            for i, each in enumerate(order)
            if each.purpose == "judged" and each.stimulus_id == trial.stimulus_id
        )
        least = min(place + 1 + len(order) // 2, len(order))
        order.insert(int(draw.integers(least, len(order) + 1)), trial)
    return order


def _expected(transaction: Transaction) -> dict[int, int]:
    """Which candidate, 0 or 1, is the right answer of known trials in 2AFC and ranking."""
    query = select(Stimulus.id, Stimulus.expected).where(Stimulus.expected.in_(("p0", "p1")))
    return {number: int(expected == "p1") for number, expected in transaction.execute(query)}


def _even_sides(trials: list[Trial], draw: np.random.Generator, expected: Mapping[int, int]) -> None:
    """Half of each purpose's trials show p1 first, of known ones half have the right answer first.

    A repetition shows it the other way round than before.
    """
    for purpose in ("training", "catch", "judged"):
        those = [trial for trial in trials if trial.purpose == purpose]
        start = int(draw.integers(2))
        for place, index in enumerate(draw.permutation(len(those))):
            trial = those[index]
            trial.swapped = (place + start + expected.get(trial.stimulus_id or 0, 0)) % 2 == 1
    before = {trial.stimulus_id: trial.swapped for trial in trials if trial.purpose == "judged"}
    for trial in trials:
        if trial.purpose == "repeat":
            trial.swapped = not before[trial.stimulus_id]
