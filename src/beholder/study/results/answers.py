"""All answers of a study, as columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from sqlalchemy import select

from beholder.study.models import Observer, Response, Session, Stimulus, Trial

if TYPE_CHECKING:
    from beholder.study.database import Database

__all__ = ["VALUES", "read_answers"]

VALUES = {"p0": 0.0, "p1": 1.0, "tie": 0.5, "same": 0.0, "different": 1.0}
"""Answers as numbers: the share that prefers candidate 1, or that sees a difference, is their mean."""

_COLUMNS = {
    "observer": (Observer.name, pl.String()),
    "session": (Session.number, pl.Int64()),
    "position": (Trial.position, pl.Int64()),
    "purpose": (Trial.purpose, pl.String()),
    "stimulus": (Stimulus.name, pl.String()),
    "group": (Stimulus.group, pl.String()),
    "subset": (Stimulus.subset, pl.String()),
    "condition0": (Stimulus.condition0, pl.String()),
    "condition1": (Stimulus.condition1, pl.String()),
    "strength": (Stimulus.strength, pl.Float64()),
    "expected": (Stimulus.expected, pl.String()),
    "swapped": (Trial.swapped, pl.Boolean()),
    "answer": (Response.answer, pl.String()),
    "milliseconds": (Response.milliseconds, pl.Float64()),
    "implausible": (Response.implausible, pl.Boolean()),
    "requeued": (Trial.requeued, pl.Int64()),
    "failed": (Observer.failed, pl.String()),
    "excluded": (Observer.excluded, pl.String()),
}


def read_answers(database: Database) -> pl.DataFrame:
    """All answers but those of training, a row each, by observer and in their order.

    Columns are `observer` (a pseudonym), `session` and `position` (from 0), `purpose` (``judged``, ``repeat`` or ``catch``), the
    stimulus with its `group`, `subset`, `condition0`, `condition1`, `strength` and `expected` answer, `swapped` (candidate 1 was
    on the left, or first), `answer` and, as a number (`VALUES`), `value`, `milliseconds`, `implausible`, `requeued`, and why
    the observer's answers do not count: `failed`, `excluded`.
    """
    query = (
        select(*(column for column, _ in _COLUMNS.values()))
        .select_from(Response)
        .join(Trial, Response.trial_id == Trial.id)
        .join(Stimulus, Trial.stimulus_id == Stimulus.id)
        .join(Session, Trial.session_id == Session.id)
        .join(Observer, Session.observer_id == Observer.id)
        .where(Trial.purpose != "training")
        .order_by(Observer.id, Session.number, Trial.position)
    )
    with database.reading() as transaction:
        rows = [tuple(row) for row in transaction.execute(query)]
    schema = {name: kind for name, (_, kind) in _COLUMNS.items()}
    answers = pl.DataFrame(rows, schema=schema, orient="row")
    return answers.with_columns(value=pl.col("answer").replace_strict(VALUES, return_dtype=pl.Float64()))
