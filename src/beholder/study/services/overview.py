"""How a study goes, in numbers that the database counts."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.orm import join

from beholder.study.database import now
from beholder.study.models import Observer, Response, Session, Stimulus, Study, Trial
from beholder.study.services.observers import Quartiles, quartiles_of_all
from beholder.study.services.votes import taken
from beholder.study.services.way import steps_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import FromClause
    from sqlalchemy.orm import Session as Transaction

    from beholder.study.design import Design
    from beholder.study.services.observers import Standing

__all__ = ["Answers", "Observers", "Overview", "Votes", "look_over"]

_HOUR = 3_600_000
_MOST_BARS = 168  # a week of hours


@dataclasses.dataclass(frozen=True, kw_only=True)
class Votes:
    """Votes on stimuli, of observers who count.

    Attributes:
        each: Wanted of each stimulus; on average, where the sampling is not even.
        stimuli: How many are judged.
        got: How many there are.
        kept: Trials that observers are at, who will vote.
        lacking: How many are still wanted.
        histogram: How many stimuli have how many votes: pairs of votes and stimuli.
    """

    each: int
    stimuli: int
    got: int
    kept: int
    lacking: int
    histogram: list[tuple[int, int]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Observers:
    """Who came, and how far.

    Attributes:
        begun: All.
        finished: At the thanks.
        at_it: On their way.
        left: Not heard of for longer than trials are kept for them.
        failed: Who do not count, by the study's rules, and are not excluded besides.
        excluded: Who do not count, by the experimenter.
        steps: How many are at each step, whether they are still there or not.
        left_at: Where those who left did so: step, trials that they had answered, observers.
    """

    begun: int
    finished: int
    at_it: int
    left: int
    failed: int
    excluded: int
    steps: dict[str, int]
    left_at: list[tuple[str, int, int]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Answers:
    """Answers of all observers, training apart.

    Attributes:
        count: How many.
        quick: How many came in less time than anybody needs.
        milliseconds: Quartiles of those that count; ``None`` where there is none.
        spoiled: Trials that were not shown as they should have been.
        uneven: Answers to trials in which frames came late.
        dropped: How many frames.
        bin: Milliseconds that an entry of `over_time` spans: an hour, or a whole number of days.
        over_time: Pairs of a moment and the answers that came from then on, where there were any.
    """

    count: int
    quick: int
    milliseconds: Quartiles | None
    spoiled: int
    uneven: int
    dropped: int
    bin: int
    over_time: list[tuple[int, int]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Overview:
    """How the study goes."""

    moment: int
    state: str
    votes: Votes
    observers: Observers
    answers: Answers


def look_over(transaction: Transaction, design: Design, those: Sequence[Standing]) -> Overview:
    """How the study goes.

    Args:
        transaction: What reads.
        design: The study's.
        those: All observers.
    """
    return Overview(
        moment=now(),
        state=transaction.get_one(Study, 1).state,
        votes=_votes(transaction, design),
        observers=_observers(design, those),
        answers=_answers(transaction, sum(each.spoiled for each in those)),
    )


def _votes(transaction: Transaction, design: Design) -> Votes:
    stimuli = transaction.scalar(select(func.count()).where(Stimulus.purpose == "judged")) or 0
    each = (
        select(Trial.stimulus_id, func.count().label("votes"))
        .select_from(_trials())
        .where(Trial.state == "answered", taken())
        .group_by(Trial.stimulus_id)
        .subquery()
    )
    rows = transaction.execute(select(each.c.votes, func.count()).group_by(each.c.votes))
    histogram = {int(votes): int(count) for votes, count in rows}
    histogram[0] = stimuli - sum(histogram.values())
    got = sum(votes * count for votes, count in histogram.items())
    waiting = select(func.count()).select_from(_trials()).where(Trial.state == "open", taken())
    kept = transaction.scalar(waiting) or 0
    if design.sampling == "even":
        lacking = sum(max(0, design.votes - votes) * count for votes, count in histogram.items())
    else:
        lacking = max(0, design.votes * stimuli - got)
    return Votes(
        each=design.votes,
        stimuli=stimuli,
        got=got,
        kept=kept,
        lacking=lacking,
        histogram=sorted(pair for pair in histogram.items() if pair[1]),
    )


def _observers(design: Design, those: Sequence[Standing]) -> Observers:
    ways, steps = Counter(each.way for each in those), Counter(each.step for each in those)
    left = Counter((each.step, each.done) for each in those if each.way == "left")
    order = steps_of(design)
    return Observers(
        begun=len(those),
        finished=ways["finished"],
        at_it=ways["at it"],
        left=ways["left"],
        failed=sum(each.failed is not None and each.excluded is None for each in those),
        excluded=sum(each.excluded is not None for each in those),
        steps={step: steps[step] for step in order},
        left_at=sorted(
            ((step, done, count) for (step, done), count in left.items()),
            key=lambda each: (order.index(each[0]), each[1]),
        ),
    )


def _answers(transaction: Transaction, spoiled: int) -> Answers:
    late, hour = Response.timing["dropped"].as_integer(), Response.received // _HOUR
    query = (
        select(
            hour,
            func.count(),
            func.count().filter(Response.implausible),
            func.count().filter(late > 0),
            func.coalesce(func.sum(late), 0),
        )
        .join(Trial, Response.trial_id == Trial.id)
        .where(Trial.purpose != "training")
        .group_by(hour)
        .order_by(hour)
    )
    hours = transaction.execute(query).all()
    width = _width(hours[-1][0] - hours[0][0]) if hours else 1
    over_time: Counter[int] = Counter()
    for begins, count, *_ in hours:
        over_time[begins // width * width * _HOUR] += count
    return Answers(
        count=sum(count for _, count, *_ in hours),
        quick=sum(quick for _, _, quick, *_ in hours),
        milliseconds=quartiles_of_all(transaction),
        spoiled=spoiled,
        uneven=sum(uneven for *_, uneven, _ in hours),
        dropped=sum(int(dropped) for *_, dropped in hours),
        bin=width * _HOUR,
        over_time=list(over_time.items()),
    )


def _width(hours: int) -> int:
    """Hours to a bar, so that there are not too many: one, or whole days."""
    return 1 if hours < _MOST_BARS else 24 * -(-hours // (_MOST_BARS * 24))


def _trials() -> FromClause:
    """Trials with their sessions and observers, to see which count."""
    return join(Trial, Session, Trial.session_id == Session.id).join(
        Observer, Session.observer_id == Observer.id
    )
