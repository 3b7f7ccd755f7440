"""Simulated observers: they go the whole way by HTTP, answer by what is true, and the real study stays as it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import select

from beholder import web
from beholder.spec import UsageError
from beholder.study.app import create_app
from beholder.study.folder import StudyFolder
from beholder.study.models import Observer, Response, Session, Stimulus, Trial
from beholder.study.rehearsal import (
    HABITS,
    Answer,
    Browser,
    LostError,
    Mind,
    Shown,
    TurnedAwayError,
    Visitor,
    World,
    copy_study,
    draw_habits,
    rehearse_study,
)
from study.conftest import MANY, MakeStudy


@pytest.fixture(scope="session")
def levels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three references and versions of them at five strengths."""
    folder = tmp_path_factory.mktemp("stimuli") / "levels"
    for place, name in enumerate(("reference", "1", "2", "3", "4", "5")):
        (folder / name).mkdir(parents=True)
        for row in range(3):
            Image.new("RGB", (16, 16), (10 * row, 20 * place, 90)).save(folder / name / f"{row}.png")
    return folder


def answers(folder: StudyFolder, *columns: Any) -> list[Any]:
    database = folder.open_database()
    query = select(*columns).select_from(Response).join(Trial).join(Stimulus).join(Session).join(Observer)
    with database.reading() as transaction:
        rows = [tuple(row) for row in transaction.execute(query)]
    database.close()
    return rows


def stimuli(folder: StudyFolder) -> list[Stimulus]:
    database = folder.open_database()
    with database.reading() as transaction:
        rows = list(transaction.scalars(select(Stimulus)))
    database.close()
    return rows


def world_of(folder: StudyFolder, seed: int = 0) -> World:
    database = folder.open_database()
    found = World(folder, database, seed)
    database.close()
    return found


def test_a_rehearsal(make_study: MakeStudy, tmp_path: Path) -> None:
    folder = make_study(
        demographics=True, screen_check=True, session={"trials": 6, "sessions": 2, "breaks": {"every": 4}}
    )
    database, told = folder.open_database(), []
    before = (folder.path / "study.json").read_bytes()
    found = rehearse_study(
        folder, database, tmp_path / "out", observers=4, careless=0.5, tell=lambda: told.append(1)
    )
    # 12 stimuli with 2 votes each are 4 sessions
    assert found.arrived + found.turned_away >= 4
    stored = answers(found.folder, Observer.name, Response.answer, Trial.purpose)
    assert len(stored) == len(told) == found.answers
    assert sum(purpose == "judged" for _, _, purpose in stored) >= 24
    truth = json.loads((found.folder.path / "truth.json").read_text())
    assert sorted(truth["observers"].values()) == ["", "", "one side", "random"]
    assert {name for name, _, _ in stored} <= truth["observers"].keys()
    assert answers(folder, Response.answer) == []
    assert (folder.path / "study.json").read_bytes() == before
    with pytest.raises(UsageError, match="not empty"):
        copy_study(folder, database, tmp_path / "out")
    database.close()


def test_thresholds_are_in_the_answers(make_study: MakeStudy, tmp_path: Path, levels: Path) -> None:
    folder = make_study(
        kind="jnd", stimuli={"levels": levels}, session={"trials": 15}, catch={"identical": 2, "noise": 2}
    )
    world = world_of(folder, 3)
    rows = [row for row in stimuli(folder) if row.purpose == "judged"]
    mind = Mind(world, "", np.random.default_rng(0))
    assert world.curves.keys() == {"0", "1", "2"}
    for row in rows:
        curve = world.curves[row.group]
        assert 1 < curve.threshold < 5
        chance = curve.chance(row.strength or 0)
        pictures = {"0": row.p0, "1": row.p1}
        assert world.chance(pictures) == world.chance({"0": row.p1, "1": row.p0}) == chance
        shown = Shown(pictures=pictures, training=False)
        share = np.mean([mind.answer(shown).shown == "different" for _ in range(400)])
        assert abs(share - chance) < 4 * np.sqrt(chance * (1 - chance) / 400)
    assert world_of(folder, 4).curves != world.curves


def test_the_nearer_candidate_on_either_side(make_study: MakeStudy) -> None:
    folder = make_study()
    world = world_of(folder)
    for row in stimuli(folder):
        nearer_is_left = row.expected == "p0" if row.expected else int(row.name.split("/")[-1]) % 2 == 1
        assert row.reference
        chance = world.chance({"reference": row.reference, "0": row.p0, "1": row.p1})
        turned = world.chance({"reference": row.reference, "0": row.p1, "1": row.p0})
        assert (chance > 0.9) == nearer_is_left
        assert chance + turned == pytest.approx(1)


def test_scale_values_of_a_ranking(make_study: MakeStudy, bapps: Path) -> None:
    place = bapps / "val" / "noise"
    folder = make_study(
        kind="ranking",
        ties=True,
        stimuli={"reference": place / "ref", "conditions": {"a": place / "p0", "b": place / "p1"}},
    )
    world = world_of(folder)
    lead = world.values["a"] - world.values["b"]
    row = next(row for row in stimuli(folder) if row.purpose == "judged")
    assert row.reference
    chance = world.chance({"reference": row.reference, "0": row.p0, "1": row.p1})
    assert (chance > 0.5) == (lead > 0)
    shown = Shown(pictures={"reference": row.reference, "0": row.p0, "1": row.p1}, training=False)
    mind = Mind(world, "", np.random.default_rng(0))
    assert {mind.answer(shown).shown for _ in range(200)} == {"left", "right", "tie"}


def test_the_careless(make_study: MakeStudy) -> None:
    world = world_of(make_study())
    nothing = Shown(pictures={}, training=False)
    draw = np.random.default_rng(0)
    minds = {habit: Mind(world, habit, draw) for habit in HABITS}
    given = {habit: [mind.answer(nothing) for _ in range(200)] for habit, mind in minds.items()}
    assert len({each.shown for each in given["one side"]}) == 1
    for habit in ("random", "quick"):
        assert 70 < sum(each.shown == "left" for each in given[habit]) < 130
    assert np.mean([each.milliseconds < 200 for each in given["quick"]]) > 0.7
    assert min(each.milliseconds for each in given["random"]) > 100
    habits = draw_habits(30, 0.2, draw)
    assert sorted(habits) == [""] * 24 + ["one side"] * 2 + ["quick"] * 2 + ["random"] * 2


class Left:
    """Always the left one."""

    def answer(self, shown: Shown) -> Answer:
        return Answer(shown="left", milliseconds=900.0)


def test_what_is_refused_is_told(make_study: MakeStudy) -> None:
    folder = make_study(votes=1, session={"trials": 12})
    app = create_app(folder, folder.open_database(), MANY)
    with web.open_port("127.0.0.1", 0) as listener, web.serving(app, listener, 30):
        port = listener.getsockname()[1]
        visitors = [Visitor(Browser("127.0.0.1", port), Left(), looks=False) for _ in range(2)]
        for visitor in visitors:
            visitor.visit()
        browser = Browser("127.0.0.1", port)
        browser.page()
        with pytest.raises(TurnedAwayError, match="401: the observer token is missing") as refused:
            browser.post("api/rest")
        assert refused.value.status == 401
        browser.close()
    assert visitors[0].arrived
    assert len(visitors[0].acknowledged) == len(answers(folder, Response.answer)) == 16
    assert not visitors[1].arrived
    assert "has the votes it needs" in visitors[1].refused[0]
    with pytest.raises(LostError, match=r"no answer: .* for 0\.2 s"):
        Browser("127.0.0.1", port, patience=0.2).page()


def test_a_copy_has_nobodys_answers(make_study: MakeStudy, tmp_path: Path) -> None:
    folder = make_study()
    (folder.path / "password").write_text("hash")
    database = folder.open_database()
    copy = copy_study(folder, database, tmp_path / "copy")
    database.close()
    assert (copy.path / "password").read_text() == "hash"
    assert copy.design == folder.design
    assert copy.key != folder.key
    assert copy.told["uuid"] != folder.told["uuid"]
    assert oct(copy.path.stat().st_mode & 0o777) == "0o700"
    assert [(row.name, row.p0, row.expected) for row in stimuli(copy)] == [
        (row.name, row.p0, row.expected) for row in stimuli(folder)
    ]
    assert all(copy.picture(row.p0).is_file() for row in stimuli(copy))
