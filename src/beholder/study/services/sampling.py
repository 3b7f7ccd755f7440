"""What a trial shows where it hangs on the answers before: the pair, or the strength, that tells most."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from sqlalchemy import func, select

from beholder.study.models import Observer, Response, Session, Stimulus, Trial
from beholder.study.services.votes import counts, seen_by, taken

if TYPE_CHECKING:
    from sqlalchemy.orm import Session as Transaction

    from beholder.study.design import Design

__all__ = ["askable", "choose"]

_AHEAD = 2  # trials whose pictures a browser has: the one that is shown, and the next
_THRESHOLDS = 41
_STEEPEST = 10.0  # rises of a curve in the smallest step between strengths
_SLOPES = 9
_FALSE_ALARMS = (1, 10)  # and pairs that are the same, thought of before any was shown
_MOST_GUESS = 0.4
_LAPSE = 0.03


def askable(transaction: Transaction, design: Design, observer: Observer) -> int:
    """How many more trials an observer can judge.

    Nobody is asked twice about the same pair of results. A strength is shown as often as it tells something.
    """
    if design.sampling == "quest+":
        return design.session.trials
    stimuli = transaction.scalar(select(func.count()).where(Stimulus.purpose == "judged")) or 0
    return stimuli - len(seen_by(transaction, observer))


def choose(transaction: Transaction, design: Design, session: Session) -> None:
    """Have the trial that is shown, and the one after, show what tells most by the answers so far.

    Trials for which nothing is left are dropped.
    """
    for trial in [trial for trial in session.trials if trial.state == "open"]:
        ahead = [each for each in session.trials if each.state == "open"][:_AHEAD]
        if trial not in ahead:
            return
        if trial.stimulus_id is not None:
            continue
        transaction.flush()
        draw = np.random.default_rng([design.seed, session.observer.seed, session.number, trial.position])
        if design.sampling == "active":
            number = _most_telling_pair(transaction, session.observer, draw)
        else:
            number = _most_telling_strength(transaction, design.votes, session.observer, draw)
        if number is None:
            session.trials.remove(trial)
        else:
            trial.stimulus = transaction.get_one(Stimulus, number)


@dataclasses.dataclass(frozen=True)
class _Option:
    """A stimulus that may be shown."""

    number: int
    group: str
    condition0: str
    condition1: str
    strength: float


_Options: TypeAlias = "list[_Option]"


def _options(transaction: Transaction) -> _Options:
    query = select(Stimulus.id, Stimulus.group, Stimulus.condition0, Stimulus.condition1, Stimulus.strength)
    rows = transaction.execute(query.where(Stimulus.purpose == "judged").order_by(Stimulus.id))
    return [
        _Option(number, group, condition0 or "", condition1 or "", strength or 0.0)
        for number, group, condition0, condition1, strength in rows
    ]


class _Votes:
    """Answers of observers that count, by stimulus, and trials that observers are at."""

    def __init__(self, transaction: Transaction) -> None:
        query = (
            select(Trial.stimulus_id, Response.answer, func.count())
            .outerjoin(Response, Response.trial_id == Trial.id)
            .join(Session, Trial.session_id == Session.id)
            .join(Observer, Session.observer_id == Observer.id)
            .where(Trial.stimulus_id.is_not(None), taken())
            .group_by(Trial.stimulus_id, Response.answer)
        )
        self.answers: Counter[tuple[int, str | None]] = Counter()
        self.load: Counter[int] = Counter()
        for number, answer, count in transaction.execute(query):
            self.answers[number or 0, answer] = count
            self.load[number or 0] += count


def _most_telling_pair(transaction: Transaction, observer: Observer, draw: np.random.Generator) -> int | None:
    """A picture of the two conditions whose comparison is expected to tell most about the scale.

    Trials that others are at count as half an answer to either side: what they will tell is not asked again meanwhile.
    """
    # SciPy takes two seconds to load, which only studies that ask so are to spend.
    from beholder.judgements import information_gains, pick_pair, scale_posterior

    options, votes, seen = _options(transaction), _Votes(transaction), seen_by(transaction, observer)
    free = [option for option in options if option.number not in seen]
    if not free:
        return None
    names = sorted({name for option in options for name in (option.condition0, option.condition1)})
    place = {name: index for index, name in enumerate(names)}
    wins, ties = np.zeros((2, len(names), len(names)))
    gains_asked = np.full(wins.shape, -np.inf)
    for option in options:
        one, two = place[option.condition0], place[option.condition1]
        first, second = votes.answers[option.number, "p0"], votes.answers[option.number, "p1"]
        wins[one, two] += first
        wins[two, one] += second
        undecided = votes.load[option.number] - first - second
        ties[one, two] += undecided
        ties[two, one] += undecided
        if option.number not in seen:
            gains_asked[one, two] = gains_asked[two, one] = 0.0
    gains = information_gains(*scale_posterior(wins, ties=ties)) + gains_asked
    chosen = {names[index] for index in pick_pair(gains, draw)}
    asked = [option.number for option in free if {option.condition0, option.condition1} == chosen]
    draw.shuffle(asked)
    return min(asked, key=votes.load.__getitem__)


def _most_telling_strength(
    transaction: Transaction, wished: int, observer: Observer, draw: np.random.Generator
) -> int | None:
    """The reference that the observer, then all, saw least, at the strength that tells most about its threshold."""
    options, votes = _options(transaction), _Votes(transaction)
    groups: dict[str, dict[float, int]] = {}
    for option in options:
        groups.setdefault(option.group, {})[option.strength] = option.number
    load = {group: sum(votes.load[number] for number in levels.values()) for group, levels in groups.items()}
    own = _own_trials(transaction, observer)
    open_to = [group for group in sorted(groups) if load[group] < wished * len(groups[group])]
    if not open_to:
        return None
    shuffled = [open_to[index] for index in draw.permutation(len(open_to))]
    levels = groups[min(shuffled, key=lambda group: (own[group], load[group]))]
    return levels[_strength_to_show(levels, votes.answers, _false_alarms(transaction))]


def _own_trials(transaction: Transaction, observer: Observer) -> Counter[str]:
    query = (
        select(Stimulus.group, func.count())
        .join(Trial, Trial.stimulus_id == Stimulus.id)
        .join(Session, Trial.session_id == Session.id)
        .where(Session.observer_id == observer.id, Trial.purpose == "judged", Trial.state != "spoiled")
        .group_by(Stimulus.group)
    )
    return Counter({key: count for key, count in transaction.execute(query)})  # noqa: C416 - rows are no pairs


def _false_alarms(transaction: Transaction) -> float:
    """Share of "different" about catch pairs that are the same, so that no judged trial is spent on it."""
    query = (
        select(Response.answer == "different", func.count())
        .join(Trial, Response.trial_id == Trial.id)
        .join(Stimulus, Trial.stimulus_id == Stimulus.id)
        .join(Session, Trial.session_id == Session.id)
        .join(Observer, Session.observer_id == Observer.id)
        .where(Trial.purpose == "catch", Stimulus.expected == "same", counts())
        .group_by(Response.answer)
    )
    alarms, asked = _FALSE_ALARMS
    for alarm, count in transaction.execute(query):
        alarms, asked = alarms + count * bool(alarm), asked + count
    return min(alarms / asked, _MOST_GUESS)


def _strength_to_show(
    levels: dict[float, int], answers: Counter[tuple[int, str | None]], guess: float
) -> float:
    from beholder.judgements import QuestPlus

    strengths = np.array(sorted(levels))
    places = np.linspace(0, len(strengths) - 1, _THRESHOLDS)
    thresholds = np.interp(places, np.arange(len(strengths)), strengths)
    slopes = np.geomspace(1 / np.ptp(strengths), _STEEPEST / np.diff(strengths).min(), _SLOPES)
    quest = QuestPlus(strengths, thresholds, slopes, guess=guess, lapse=_LAPSE)
    for strength, number in levels.items():
        for answer in ("same", "different"):
            quest.update(strength, answer == "different", times=answers[number, answer])
    return quest.next()
