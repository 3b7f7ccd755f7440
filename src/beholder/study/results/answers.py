"""All answers of a study, as columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
from sqlalchemy import select

from beholder.study.models import Observer, Response, Session, Stimulus, Trial

if TYPE_CHECKING:
    from sqlalchemy import Executable
    from sqlalchemy.orm import Session as Transaction

    from beholder.study.database import Database

__all__ = ["VALUES", "read_answers"]

VALUES = {"p0": 0.0, "p1": 1.0, "tie": 0.5, "same": 0.0, "different": 1.0}
"""Answers as numbers: the share that prefers candidate 1, or that sees a difference, is their mean."""

_AT_ONCE = 20_000  # rows that are objects of Python
_COLUMNS = {
    "observer_id": (Session.observer_id, pl.Int64()),
    "session": (Session.number, pl.Int64()),
    "position": (Trial.position, pl.Int64()),
    "purpose": (Trial.purpose, pl.String()),
    "stimulus_id": (Trial.stimulus_id, pl.Int64()),
    "swapped": (Trial.swapped, pl.Boolean()),
    "answer": (Response.answer, pl.String()),
    "milliseconds": (Response.milliseconds, pl.Float64()),
    "implausible": (Response.implausible, pl.Boolean()),
    "requeued": (Trial.requeued, pl.Int64()),
    "dropped": (Response.timing["dropped"].as_integer(), pl.Int64()),
}
_OF_STIMULI = {
    "stimulus_id": (Stimulus.id, pl.Int64()),
    "stimulus": (Stimulus.name, pl.String()),
    "group": (Stimulus.group, pl.String()),
    "subset": (Stimulus.subset, pl.String()),
    "condition0": (Stimulus.condition0, pl.String()),
    "condition1": (Stimulus.condition1, pl.String()),
    "strength": (Stimulus.strength, pl.Float64()),
    "expected": (Stimulus.expected, pl.String()),
}
_OF_OBSERVERS = {
    "observer_id": (Observer.id, pl.Int64()),
    "observer": (Observer.name, pl.String()),
    "failed": (Observer.failed, pl.String()),
    "excluded": (Observer.excluded, pl.String()),
}


def read_answers(database: Database) -> pl.DataFrame:
    """All answers but those of training, a row each, by observer and in their order.

    Columns are `observer` (a pseudonym), `session` and `position` (from 0), `purpose` (``judged``, ``repeat`` or ``catch``), the
    `stimulus` with its `group`, `subset`, `condition0`, `condition1`, `strength` and `expected` answer, `swapped` (candidate 1 was
    on the left, or first), `answer` and, as a number (`VALUES`), `value`, `milliseconds`, `implausible`, `requeued` (how often it
    was shown before, but not as it should have been), `dropped` (frames that came late, where the browser told), and why the
    observer's answers do not count: `failed`, `excluded`.
    """
    query = (
        select(*(column for column, _ in _COLUMNS.values()))
        .select_from(Response)
        .join(Trial, Response.trial_id == Trial.id)
        .join(Session, Trial.session_id == Session.id)
        .where(Trial.purpose != "training")
        .order_by(Session.observer_id, Session.number, Trial.position)
    )
    with database.reading() as transaction:
        answers = _read(transaction, query, _COLUMNS)
        # An observer who had all deleted meanwhile is in neither: the joins leave out what is in one of them alone.
        stimuli = _read(transaction, select(*(column for column, _ in _OF_STIMULI.values())), _OF_STIMULI)
        observers = _read(
            transaction, select(*(column for column, _ in _OF_OBSERVERS.values())), _OF_OBSERVERS
        )
    joined = answers.join(stimuli, on="stimulus_id", maintain_order="left").join(
        observers, on="observer_id", maintain_order="left"
    )
    return joined.select(
        "observer",
        "session",
        "position",
        "purpose",
        *(name for name in _OF_STIMULI if name != "stimulus_id"),
        "swapped",
        "answer",
        "milliseconds",
        "implausible",
        "requeued",
        "dropped",
        "failed",
        "excluded",
        value=pl.col("answer").replace_strict(VALUES, return_dtype=pl.Float64()),
    )


def _read(transaction: Transaction, query: Executable, columns: dict[str, tuple[Any, Any]]) -> pl.DataFrame:
    schema = {name: kind for name, (_, kind) in columns.items()}
    frames = [pl.DataFrame(schema=schema)]
    rows = transaction.connection().execute(query)  # of columns: no objects are made
    for part in rows.partitions(_AT_ONCE):
        columns_of_part = dict(zip(schema, zip(*part, strict=True), strict=True))
        frames.append(pl.DataFrame(columns_of_part, schema=schema))
    return pl.concat(frames)
