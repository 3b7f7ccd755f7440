"""From the first page to the thanks: what is stored, and that nothing is stored twice."""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import func, select, update

from beholder.study.database import Database
from beholder.study.models import Observer, Response, Session, Stimulus, Trial
from beholder.study.services.forgetting import forget_persons
from beholder.study.services.state import change_state
from study.conftest import MakeStudy, OpenStudy


def rows(database: Database, *columns: Any) -> list[Any]:
    query = select(*columns).select_from(Trial).join(Stimulus).outerjoin(Response).order_by(Trial.id)
    with database.reading() as transaction:
        return [tuple(row) for row in transaction.execute(query)]


def test_a_whole_session(make_study: MakeStudy, open_study: OpenStudy) -> None:
    folder = make_study(session={"trials": 6, "repetitions": 2, "breaks": {"every": 4, "seconds": 0}})
    seat, database = open_study(folder)
    sitting = seat().go_to_trials()
    shown = sitting.finish()
    assert sitting.trial() == {"state": "step", "step": "thanks"}
    assert [found["trial"]["training"] for found in shown] == [True] * 2 + [False] * 10
    assert [found["done"] for found in shown] == [0, 0, *range(10)]
    assert {found["total"] for found in shown} == {10}
    stored = rows(database, Trial.purpose, Trial.swapped, Trial.state, Response.answer, Stimulus.expected)
    assert Counter(row[0] for row in stored) == {"training": 2, "catch": 2, "judged": 6, "repeat": 2}
    # what was on the left is p1 where sides were swapped
    assert all(answer == ("p1" if swapped else "p0") for _, swapped, _, answer, _ in stored)
    assert {row[2] for row in stored} == {"answered"}
    sides = [swapped for purpose, swapped, *_ in stored if purpose == "judged"]
    assert sum(sides) == 3
    for purpose in ("catch", "training"):  # always the left one is right in half of them
        right = [answer == expected for found, _, _, answer, expected in stored if found == purpose]
        assert sum(right) == 1


def test_a_repetition_comes_later_and_the_other_way_round(
    make_study: MakeStudy, open_study: OpenStudy
) -> None:
    seat, database = open_study(make_study(session={"trials": 6, "repetitions": 6, "breaks": {"every": 0}}))
    seat().go_to_trials().finish()
    found = {
        number: rest
        for number, *rest in rows(
            database, Trial.id, Trial.position, Trial.swapped, Trial.repeats_id, Trial.stimulus_id
        )
    }
    repeats = [trial for trial in found.values() if trial[2] is not None]
    assert len(repeats) == 6
    for position, swapped, repeated, stimulus in repeats:
        before = found[repeated]
        assert before[0] < position
        assert before[1] != swapped
        assert before[3] == stimulus


def test_the_same_answer_again_changes_nothing(make_study: MakeStudy, open_study: OpenStudy) -> None:
    seat, database = open_study(make_study())
    sitting = seat().go_to_trials()
    token = sitting.trial()["trial"]["token"]
    assert sitting.answer(token).json()["again"] is False
    assert sitting.answer(token).json()["again"] is True
    assert sitting.answer(token, milliseconds=12.0).json()["again"] is True
    refused = sitting.answer(token, "right")
    assert refused.status_code == 409
    assert "the first answer counts" in refused.json()["error"]
    assert [row for row in rows(database, Response.answer, Response.milliseconds) if row[0]] == [
        (rows(database, Response.answer)[0][0], 900.0)
    ]


def test_the_same_trial_until_it_is_answered(make_study: MakeStudy, open_study: OpenStudy) -> None:
    seat, _ = open_study(make_study())
    sitting = seat().go_to_trials()
    first = sitting.trial()
    assert sitting.trial()["trial"]["pictures"] == first["trial"]["pictures"]
    # a page that was loaded anew, and a second tab, are the same browser: they begin where it is
    assert sitting.client.post("/api/begin", json={"language": "zh"}).json()["step"] == "trials"
    assert sitting.trial()["trial"]["pictures"] == first["trial"]["pictures"]
    sitting.answer(first["trial"]["token"])
    assert sitting.trial()["trial"]["pictures"] == first["coming"]


def test_steps_in_their_order(make_study: MakeStudy, open_study: OpenStudy) -> None:
    seat, _ = open_study(make_study())
    sitting = seat().begin()
    assert sitting.trial() == {"state": "step", "step": "consent"}
    assert sitting.post("/api/steps/instructions").status_code == 409
    assert sitting.post("/api/steps/consent", {"version": "0"}).status_code == 409
    assert sitting.post("/api/steps/consent", {"version": "1"}).json() == {"step": "instructions"}
    # back, and the same again
    assert sitting.post("/api/steps/consent", {"version": "1"}).json() == {"step": "instructions"}
    assert sitting.post("/api/steps/nonsense").status_code == 409


@pytest.mark.parametrize("catches", [0, 1])
def test_only_where_there_are_catch_trials_observers_are_told_of_them(
    make_study: MakeStudy, open_study: OpenStudy, catches: int
) -> None:
    seat, _ = open_study(make_study(catch={"identical": catches, "noise": 0}))
    sitting = seat().begin()
    sitting.post("/api/steps/consent", {"version": "1"})
    page = sitting.client.get("/").text
    assert f"There are {6 + catches} trials." in page
    assert ("see whether you look" in page) == bool(catches)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_pages_in_each_language(make_study: MakeStudy, open_study: OpenStudy, language: str) -> None:
    seat, _ = open_study(make_study(demographics=True, screen_check=True, ties=True))
    sitting = seat().begin(language)
    screen = {
        "pixels_per_millimetre": 3.8, "device_pixel_ratio": 1, "zoom": 1, "width": 1920, "height": 1080, "refresh": 60,
        "plates": ["6", "", "3", "8"], "plates_right": 3, "darkest": 6, "touch": False,
    }  # fmt: skip
    for step, body in {
        "consent": {"version": "1"},
        "about": {"about": {"age": "30-44"}},
        "screen": {"screen": screen},
        "instructions": {},
    }.items():
        page = sitting.client.get("/")
        assert page.status_code == 200
        assert f'<html lang="{language}">' in page.text
        assert "{" not in page.text.partition("</head>")[2]
        assert sitting.post(f"/api/steps/{step}", body).status_code == 200
    assert 'id="player"' in sitting.client.get("/").text
    sitting.finish()
    assert 'id="done-code"' in sitting.client.get("/").text
    assert sitting.client.get(f"/privacy?language={language}").status_code == 200


def test_votes_are_even_and_the_study_fills(make_study: MakeStudy, open_study: OpenStudy) -> None:
    seat, database = open_study(make_study())  # 12 stimuli, 2 votes each, 6 a session
    for sitters in range(1, 5):
        seat().go_to_trials().finish()
        votes = Counter(
            stimulus
            for stimulus, purpose in rows(database, Trial.stimulus_id, Trial.purpose)
            if purpose == "judged"
        )
        counted = [votes[number] for number in stimuli(database)]
        assert sum(counted) == 6 * sitters
        assert max(counted) - min(counted) <= 1
    late = seat().go_to_trials().client.get("/api/trial")
    assert late.status_code == 410
    assert "has the votes it needs" in late.json()["error"]


def stimuli(database: Database) -> list[int]:
    with database.reading() as transaction:
        return list(transaction.scalars(select(Stimulus.id).where(Stimulus.purpose == "judged")))


def test_those_who_leave_are_replaced_and_may_come_back(make_study: MakeStudy, open_study: OpenStudy) -> None:
    seat, database = open_study(make_study(votes=1, session={"trials": 12, "breaks": {"every": 0}}))
    gone = seat().go_to_trials()
    for _ in range(5):  # two of them training
        gone.answer(gone.trial()["trial"]["token"])
    waiting = seat().go_to_trials()
    assert waiting.client.get("/api/trial").status_code == 410  # all is kept for the first
    with database.writing() as transaction:
        transaction.execute(update(Session).values(leased=int(1000 * time.time()) - 1))
    shown = waiting.finish()
    with database.reading() as transaction:
        judged = transaction.scalar(
            select(func.count()).where(Trial.purpose == "judged", Trial.state == "answered")
        )
    assert judged == 12
    # The first comes back: the trial that was shown is still there, for the others there is no need.
    rest = gone.finish()
    assert len([found for found in rest if not found["trial"]["training"]]) <= 3
    assert len(shown) > len(rest)


def test_a_spoiled_trial_comes_again(make_study: MakeStudy, open_study: OpenStudy) -> None:
    seat, database = open_study(make_study(kind="jnd", training={"trials": 0}))
    sitting = seat().go_to_trials()
    first = sitting.trial()["trial"]
    for count in range(3):
        found = sitting.trial()["trial"] if count else first
        while found["requeued"] < count:
            sitting.answer(found["token"], "same")
            found = sitting.trial()["trial"]
        assert sitting.answer(found["token"], None).json()["stored"] is True
        assert sitting.answer(found["token"], None).json()["again"] is True
    while (found := sitting.trial()["trial"])["requeued"] < 3:
        sitting.answer(found["token"], "same")
    assert sitting.answer(found["token"], None).status_code == 409  # now it has to do
    assert sitting.answer(found["token"], "different").status_code == 200
    states = Counter(row[0] for row in rows(database, Trial.state))
    assert states == {"answered": 8, "spoiled": 3}


def test_what_was_told_of_persons_is_deleted_in_time(make_study: MakeStudy, open_study: OpenStudy) -> None:
    screen = {"width": 1920}
    for day, kept in (("2100-01-01", True), ("2026-01-01", False)):
        folder = make_study(f"study-{day}")
        design = folder.design.model_copy(update={"retention": dt.date.fromisoformat(day)})
        seat, database = open_study(folder)
        seat().go_to_trials().finish()
        with database.writing() as transaction:
            transaction.execute(update(Observer).values(demographics={"age": "18-29"}, screen=screen))
        with database.writing() as transaction:
            assert forget_persons(transaction, design) == (not kept)
            assert forget_persons(transaction, design) == 0
        with database.reading() as transaction:
            observer = transaction.scalars(select(Observer)).one()
            assert (observer.demographics is not None) == (observer.screen is not None) == kept
            assert transaction.scalar(select(func.count()).select_from(Response)) == 10


def test_who_does_not_look_does_not_count(make_study: MakeStudy, open_study: OpenStudy) -> None:
    seat, database = open_study(make_study(catch={"identical": 4, "noise": 4, "least_right": 0.7}))
    careless = seat().go_to_trials()
    careless.finish()  # always the left one: right in half of the catch trials
    quick = seat().go_to_trials()
    while (found := quick.trial())["state"] == "trial":
        quick.answer(found["trial"]["token"], right(database, found["trial"]), milliseconds=90.0)
    careful = seat().go_to_trials()
    careful.finish(lambda trial: right(database, trial))
    with database.reading() as transaction:
        reasons = list(transaction.scalars(select(Observer.failed).order_by(Observer.id)))
    assert reasons[0] == "4 of 8 catch trials right, less than 70%"
    assert reasons[1] == "14 of 14 answers in less than 200 ms, more than 20%"
    assert reasons[2] is None


def right(database: Database, told: dict[str, Any]) -> str:
    """The answer that a catch trial expects."""
    number = int(told["pictures"]["0"].split("/")[1])
    with database.reading() as transaction:
        trial = transaction.get_one(Trial, number)
        assert trial.stimulus
        return "right" if (trial.stimulus.expected == "p1") != trial.swapped else "left"


def test_who_left_without_looking_does_not_count(make_study: MakeStudy, open_study: OpenStudy) -> None:
    settings = {"votes": 1, "session": {"trials": 12, "breaks": {"every": 0}}, "training": {"trials": 0}}
    seat, database = open_study(make_study(**settings, catch={"identical": 0, "noise": 0}))
    quick = seat().go_to_trials()
    for _ in range(3):
        quick.answer(quick.trial()["trial"]["token"], milliseconds=20.0)
    with database.writing() as transaction:
        transaction.execute(update(Session).values(leased=0))
    assert len(seat().go_to_trials().finish()) == 12  # none of the three votes counts
    with database.reading() as transaction:
        first, second = transaction.scalars(select(Observer.failed).order_by(Observer.id))
    assert first == "3 of 3 answers in less than 200 ms, more than 20%"
    assert second is None


def test_with_its_end_a_study_judges_those_who_are_at_it(
    make_study: MakeStudy, open_study: OpenStudy
) -> None:
    folder = make_study(training={"trials": 0}, catch={"identical": 0, "noise": 0})
    seat, database = open_study(folder)
    quick = seat().go_to_trials()
    quick.answer(quick.trial()["trial"]["token"], milliseconds=20.0)
    with database.writing() as transaction:
        change_state(transaction, folder.design, "closed")
    with database.reading() as transaction:
        assert transaction.scalars(select(Observer.failed)).one() is not None
