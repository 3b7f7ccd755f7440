"""Observers whose answers are put into the database at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sqlalchemy import insert, select

from beholder.study.database import Database
from beholder.study.folder import StudyFolder
from beholder.study.models import Observer, Response, Session, Stimulus, Trial

__all__ = ["Choose", "answer_all"]

Choose = Callable[[Stimulus, np.random.Generator], str]


def right(stimulus: Stimulus) -> str:
    return str(stimulus.expected)


def answer_all(
    folder: StudyFolder,
    choose: Choose,
    *,
    observers: int,
    prefix: str = "observer",
    catches: Choose | None = None,
    milliseconds: float = 1500.0,
    repetitions: int = 0,
    seed: int = 0,
    database: Database | None = None,
) -> None:
    """Observers who judge each stimulus once, after the catch trials, which they answer rightly unless told otherwise."""
    own = None if database is not None else folder.open_database()
    database = database or own
    assert database is not None
    draw = np.random.default_rng(seed)
    with database.writing() as transaction:
        stimuli = list(transaction.scalars(select(Stimulus).order_by(Stimulus.id)))
        caught = [each for each in stimuli if each.purpose == "catch"]
        judged = [each for each in stimuli if each.purpose == "judged"]
        shown = [(each, "catch") for each in caught] + [(each, "judged") for each in judged]
        shown += [(each, "repeat") for each in judged[:repetitions]]
        for number in range(observers):
            observer = Observer(
                name=f"{prefix}{number}",
                code=f"{prefix}{number}",
                language="en",
                step="thanks",
                seed=number,
                created=0,
                seen=0,
                demographics={"age": "CANARY"},
                screen={"width": "CANARY"},
            )
            session = Session(number=0, begun=0, done=1, leased=0, rested=0)
            session.trials = [
                Trial(
                    position=place,
                    purpose=purpose,
                    stimulus_id=stimulus.id,
                    swapped=bool(draw.integers(2)),
                    state="answered",
                    shown=1,
                )
                for place, (stimulus, purpose) in enumerate(shown)
            ]
            observer.sessions = [session]
            transaction.add(observer)
            transaction.flush()
            rows = []
            for trial, (stimulus, purpose) in zip(session.trials, shown, strict=True):
                if purpose == "catch":
                    answer = right(stimulus) if catches is None else catches(stimulus, draw)
                else:
                    answer = choose(stimulus, draw)
                rows.append(
                    {
                        "trial_id": trial.id,
                        "answer": answer,
                        "milliseconds": milliseconds,
                        "implausible": milliseconds < 200,
                        "timing": None,
                        "received": 0,
                    }
                )
            transaction.execute(insert(Response), rows)
    if own is not None:
        own.close()
