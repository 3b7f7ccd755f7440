"""What must hold wherever answers go: in SQLite and in PostgreSQL, one after the other and at once."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import delete, func, select, update

from beholder.spec import StoringError, UsageError
from beholder.study.database import Database
from beholder.study.models import Base, Observer, Response, Session, Stimulus, Trial
from private_postgresql import new_database
from study.conftest import MANY, MakeStudy, OpenStudy, Sitting

OBSERVERS = 6  # at once


def votes(database: Database) -> list[int]:
    """Answered trials of each judged stimulus."""
    with database.reading() as transaction:
        found = dict.fromkeys(transaction.scalars(select(Stimulus.id).where(Stimulus.purpose == "judged")), 0)
        query = select(Trial.stimulus_id, func.count()).where(
            Trial.purpose == "judged", Trial.state == "answered"
        )
        for stimulus, count in transaction.execute(query.group_by(Trial.stimulus_id)):
            found[stimulus] = count
    return list(found.values())


def at_once(acts: list[Callable[[], Any]]) -> list[Any]:
    """Do several things, each in a thread, begun together."""
    barrier = threading.Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        barrier.wait(20)
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_a_whole_session(make_study: MakeStudy, open_study: OpenStudy, address: str | None) -> None:
    folder = make_study(
        database=address, session={"trials": 6, "repetitions": 2, "breaks": {"every": 4}}, demographics=True
    )
    seat, database = open_study(folder, MANY, address)
    sitting = seat().begin()
    sitting.post("/api/steps/consent", {"version": "1"})
    sitting.post("/api/steps/about", {"about": {"age": "30-44"}})
    sitting.post("/api/steps/instructions")
    assert len(sitting.finish()) == 2 + 2 + 6 + 2
    assert sitting.trial() == {"state": "step", "step": "thanks"}
    with database.reading() as transaction:
        observer = transaction.scalars(select(Observer)).one()
        assert observer.demographics == {"age": "30-44", "gender": "", "eyesight": "", "expert": ""}
        assert transaction.scalar(select(func.count()).select_from(Response)) == 12
    with database.writing() as transaction:  # and all of it goes with them
        transaction.execute(delete(Observer).where(Observer.id == observer.id))
    with database.reading() as transaction:
        assert transaction.scalar(select(func.count()).select_from(Response)) == 0


def test_the_same_answer_again(make_study: MakeStudy, open_study: OpenStudy, address: str | None) -> None:
    seat, database = open_study(make_study(database=address), MANY, address)
    sitting = seat().go_to_trials()
    token = sitting.trial()["trial"]["token"]
    assert [sitting.answer(token).json()["again"] for _ in range(3)] == [False, True, True]
    assert sitting.answer(token, "right").status_code == 409
    following = sitting.trial()["trial"]["token"]
    tabs = [Sitting(sitting.client, sitting.csrf) for _ in range(4)]
    said = at_once([lambda tab=tab: tab.answer(following) for tab in tabs])
    assert [each.status_code for each in said] == [200] * 4
    assert sorted(each.json()["again"] for each in said) == [False, True, True, True]
    assert sitting.answer(following).json()["again"] is True
    with database.reading() as transaction:
        assert transaction.scalar(select(func.count()).select_from(Response)) == 2


def test_votes_are_even_among_those_who_come_at_once(
    make_study: MakeStudy, open_study: OpenStudy, address: str | None
) -> None:
    folder = make_study(
        database=address,
        votes=3,
        session={"trials": 6, "breaks": {"every": 0}},
        catch={"identical": 0, "noise": 0},
    )
    seat, database = open_study(folder, MANY, address)
    sittings = [seat() for _ in range(OBSERVERS)]
    at_once([lambda sitting=sitting: sitting.go_to_trials().finish() for sitting in sittings])
    assert votes(database) == [3] * 12
    with database.reading() as transaction:
        pairs = transaction.execute(
            select(Session.observer_id, Trial.stimulus_id).join(Trial).where(Trial.purpose == "judged")
        ).all()
        assert max(Counter(tuple(pair) for pair in pairs).values()) == 1
    assert seat().go_to_trials().client.get("/api/trial").status_code == 410


def test_those_who_come_back_at_once(
    make_study: MakeStudy, open_study: OpenStudy, address: str | None
) -> None:
    seat, database = open_study(make_study(database=address, votes=1), MANY, address)
    gone = [seat().go_to_trials() for _ in range(2)]
    for sitting in gone:
        sitting.trial()
    with database.writing() as transaction:
        transaction.execute(update(Session).values(leased=0))
    newcomer = seat().go_to_trials()

    def take_what_is_left() -> None:
        if newcomer.client.get("/api/trial").status_code != 410:
            newcomer.finish()

    at_once([*(sitting.finish for sitting in gone), take_what_is_left])
    # a trial that was shown is answered, though somebody else has it meanwhile
    assert all(1 <= count <= 2 for count in votes(database))
    assert sum(votes(database)) <= 12 + 2


def test_migrations_make_the_models_tables(postgresql: Path) -> None:
    database = Database(new_database(postgresql, "migrated"))
    database.upgrade()
    database.upgrade()
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    database.close()


def test_a_database_that_has_a_study_or_another(make_study: MakeStudy, postgresql: Path) -> None:
    addresses = [new_database(postgresql, name) for name in ("taken", "other")]
    one, two = (make_study(name, database=where) for name, where in zip("ab", addresses, strict=True))
    assert "study@" in one.told["database"]
    with pytest.raises(UsageError, match="holds a study already"):
        make_study("c", database=addresses[0])
    with pytest.raises(UsageError, match="holds another study"):
        two.open_database(addresses[0])
    with pytest.raises(UsageError, match="expected --database"):
        one.open_database()
    with pytest.raises(StoringError, match="does not do its work"):
        one.open_database(addresses[0].replace("taken", "missing"))
