"""Where each trial hangs on the answers before: what is asked is what tells most, and the votes add up."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import func, select, update

from beholder.judgements import psychometric
from beholder.spec import UsageError
from beholder.study.database import Database
from beholder.study.design import read_design
from beholder.study.models import Observer, Response, Session, Stimulus, Trial
from study.conftest import MakeStudy, OpenStudy

VALUES = {"best": 3.0, "good": 0.2, "same": 0.0, "worst": -3.0}
ACTIVE = {"trials": 12, "breaks": {"every": 0}}


def folder_of(place: Path, name: str, count: int) -> Path:
    (place / name).mkdir(parents=True)
    for row in range(count):
        draw = np.random.default_rng([row, *name.encode()])
        Image.fromarray(draw.integers(0, 256, (8, 8, 3), np.uint8)).save(place / name / f"{row}.png")
    return place / name


@pytest.fixture
def conditions(tmp_path: Path) -> dict[str, Path]:
    return {name: folder_of(tmp_path / "results", name, 6) for name in VALUES}


@pytest.fixture
def levels(tmp_path: Path) -> Path:
    for name in ("reference", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8"):
        folder_of(tmp_path / "blur", name, 2)
    return tmp_path / "blur"


def shown(database: Database, found: Any) -> tuple[Stimulus, bool]:
    """What a trial shows, and whether p1 comes first."""
    number = int(next(iter(found["pictures"].values())).split("/")[1])
    with database.reading() as transaction:
        trial = transaction.get_one(Trial, number)
        assert trial.stimulus is not None
        return trial.stimulus, trial.swapped


def judge_conditions(database: Database, draw: np.random.Generator) -> Any:
    def choose(found: Any) -> str:
        stimulus, swapped = shown(database, found)
        if stimulus.expected is not None:
            better = stimulus.expected == "p1"
        else:
            step = VALUES[str(stimulus.condition1)] - VALUES[str(stimulus.condition0)]
            better = bool(draw.normal() < step)
        return "left" if better == swapped else "right"

    return choose


def votes(database: Database, column: Any) -> Counter[Any]:
    query = select(column, func.count()).select_from(Trial).join(Stimulus)
    query = query.where(Trial.purpose == "judged", Trial.state == "answered").group_by(column)
    with database.reading() as transaction:
        return Counter({key: count for key, count in transaction.execute(query)})  # noqa: C416 - rows are no pairs


def test_active_sampling_asks_about_what_is_close(
    make_study: MakeStudy, open_study: OpenStudy, conditions: dict[str, Path]
) -> None:
    folder = make_study(
        kind="ranking", stimuli={"conditions": conditions}, sampling="active", votes=3, session=ACTIVE
    )
    seat, database = open_study(folder)
    draw = np.random.default_rng(0)
    sittings = 0
    while True:
        sitting = seat().go_to_trials()
        if sitting.client.get("/api/trial").status_code == 410:
            break
        sitting.finish(judge_conditions(database, draw))
        sittings += 1
    assert sittings == 9  # 36 stimuli with 3 votes each, 12 trials
    asked = votes(database, Stimulus.condition0 + "-" + Stimulus.condition1)
    assert sum(asked.values()) == 108
    assert asked["good-same"] > 2 * asked["best-worst"]
    twice = (select(func.count()).select_from(Trial).join(Session).where(Trial.purpose == "judged")).group_by(
        Session.observer_id, Trial.stimulus_id
    )
    with database.reading() as transaction:
        assert set(transaction.scalars(twice)) == {1}
        assert not transaction.scalar(select(func.count()).where(Trial.stimulus_id.is_(None)))
    by_stimulus = votes(database, Stimulus.name)
    close = [by_stimulus[f"{row}/good/same"] for row in range(6)]
    assert max(close) - min(close) <= 1  # over pictures, votes of a pair are even


def test_observers_at_once_are_asked_about_different_pairs(
    make_study: MakeStudy, open_study: OpenStudy, conditions: dict[str, Path]
) -> None:
    folder = make_study(
        kind="ranking",
        stimuli={"conditions": conditions},
        sampling="active",
        session=ACTIVE,
        training={"trials": 0},
        catch={"identical": 0, "noise": 0},
    )
    seat, database = open_study(folder)
    first = [shown(database, seat().go_to_trials().trial()["trial"])[0] for _ in range(3)]
    assert len({(each.condition0, each.condition1) for each in first}) == 3


def test_quest_asks_near_the_threshold(make_study: MakeStudy, open_study: OpenStudy, levels: Path) -> None:
    folder = make_study(
        kind="jnd",
        stimuli={"levels": levels},
        sampling="quest+",
        votes=6,
        session={"trials": 24, "breaks": {"every": 0}},
        catch={"identical": 2, "noise": 2},
    )
    seat, database = open_study(folder)
    draw = np.random.default_rng(0)
    thresholds = {"0": 0.25, "1": 0.6}

    def choose(found: Any) -> str:
        stimulus, _ = shown(database, found)
        if stimulus.strength is None or stimulus.expected is not None:
            return str(stimulus.expected)
        chance = psychometric(stimulus.strength, thresholds[stimulus.group], 30.0, guess=0.05, lapse=0.02)
        return "different" if draw.random() < chance else "same"

    for _ in range(4):
        seat().go_to_trials().finish(choose)
    assert seat().go_to_trials().client.get("/api/trial").status_code == 410
    assert votes(database, Stimulus.group) == {"0": 48, "1": 48}
    for group, threshold in thresholds.items():
        counted = votes(database, Stimulus.name)
        near = sum(
            count
            for name, count in counted.items()
            if name.startswith(f"{group}/") and abs(float(name.split("/")[1]) - threshold) < 0.11
        )
        assert near > 24  # of 48, at 2 or 3 of 8 strengths; even sampling gives 12 or 18


def test_whose_answers_do_not_count_tell_nothing(
    make_study: MakeStudy, open_study: OpenStudy, levels: Path
) -> None:
    folder = make_study(
        kind="jnd",
        stimuli={"levels": levels},
        sampling="quest+",
        votes=10,
        session={"trials": 40, "breaks": {"every": 0}},
        catch={"identical": 0, "noise": 0},
        training={"trials": 0},
    )
    seat, database = open_study(folder)

    def first() -> float | None:
        return shown(database, seat().go_to_trials().trial()["trial"])[0].strength

    before = first()
    seat().go_to_trials().finish(lambda _: "different")
    after = first()
    assert after is not None
    assert before is not None
    assert after < before
    with database.writing() as transaction:
        transaction.execute(update(Observer).values(excluded="they told so"))
    assert first() == before


def test_who_comes_back_late_is_asked_what_tells_most_then(
    make_study: MakeStudy, open_study: OpenStudy, conditions: dict[str, Path]
) -> None:
    folder = make_study(
        kind="ranking",
        stimuli={"conditions": conditions},
        sampling="active",
        votes=1,
        session={"trials": 30, "breaks": {"every": 0}},
        training={"trials": 0},
        catch={"identical": 0, "noise": 0},
    )
    seat, database = open_study(folder)
    late = seat().go_to_trials()
    late.answer(late.trial()["trial"]["token"])
    with database.writing() as transaction:
        transaction.execute(update(Session).values(leased=0))
    assert len(seat().go_to_trials().finish()) == 30
    rest = late.finish()
    assert len(rest) == 5  # 36 votes; one is theirs, 30 are others'
    with database.reading() as transaction:
        assert transaction.scalar(select(func.count()).select_from(Response)) == 36


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("kind: 2afc\nstimuli: {bapps: x}\nsampling: active", "at least 3"),
        ("kind: jnd\nstimuli: {bapps: x}\nsampling: quest+", "needs stimuli.levels"),
        (
            "kind: jnd\nstimuli: {levels: x}\nsampling: quest+\nsession: {repetitions: 3}",
            "repetitions go with sampling even",
        ),
    ],
)
def test_sampling_that_does_not_fit_is_refused(tmp_path: Path, lines: str, told: str) -> None:
    (tmp_path / "design.yaml").write_text(f"title: T\nretention: 2100-01-01\n{lines}\n")
    with pytest.raises(UsageError, match=told):
        read_design(tmp_path / "design.yaml")
