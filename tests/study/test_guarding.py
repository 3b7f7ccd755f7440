"""What those try who mean ill: each try is refused, in words, and nothing changes."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from beholder.study.database import Database
from beholder.study.models import Event, Observer, Response, Session, Trial
from beholder.study.settings import ServerSettings
from study.conftest import TIMING, MakeStudy, OpenStudy, Sitting


def counts(database: Database) -> list[int]:
    with database.reading() as transaction:
        return [
            transaction.scalar(select(func.count()).select_from(table)) or 0
            for table in (Observer, Session, Trial, Response)
        ]


@pytest.fixture
def two(make_study: MakeStudy, open_study: OpenStudy) -> tuple[Sitting, Sitting, Database]:
    seat, database = open_study(make_study())
    return seat().go_to_trials(), seat().go_to_trials(), database


def test_a_forged_cookie(two: tuple[Sitting, Sitting, Database]) -> None:
    mine, _, _ = two
    cookie = mine.client.cookies["beholder_observer"]
    for forged in (
        cookie[:-2] + "xx",
        "Mg" + cookie[2:],
        "",
        "1",
        "a.b.c",
        cookie + "a",
        "\N{SNOWMAN}".encode().hex(),
    ):
        client = TestClient(mine.client.app, base_url="http://study", cookies={"beholder_observer": forged})
        assert client.get("/api/trial").status_code == 401
        assert client.get("/pictures/1/0").status_code == 401


def test_tokens_of_another_use_or_study(
    two: tuple[Sitting, Sitting, Database], make_study: MakeStudy, open_study: OpenStudy
) -> None:
    mine, _, database = two
    before = counts(database)
    token = mine.trial()["trial"]["token"]
    for foreign in (mine.csrf, mine.client.cookies["beholder_observer"]):
        assert mine.answer(foreign).status_code == 401
    elsewhere, _ = open_study(make_study("other"))
    theirs = elsewhere().go_to_trials()
    assert mine.answer(theirs.trial()["trial"]["token"]).status_code == 401
    client = TestClient(mine.client.app, base_url="http://study", cookies=dict(theirs.client.cookies))
    assert client.get("/api/trial").status_code == 401
    mine.csrf = token
    assert mine.answer(token).status_code == 401
    assert counts(database)[3] == before[3] == 0


def test_other_observers_trials_and_pictures(two: tuple[Sitting, Sitting, Database]) -> None:
    mine, theirs, database = two
    shown, foreign = mine.trial()["trial"], theirs.trial()["trial"]
    assert mine.answer(foreign["token"]).status_code == 403
    assert mine.client.get("/" + foreign["pictures"]["0"]).status_code == 403
    own, mine.csrf = mine.csrf, theirs.csrf
    assert mine.answer(shown["token"]).status_code == 403
    mine.csrf = own
    assert mine.answer(shown["token"]).status_code == 200
    assert counts(database)[3] == 1


def test_trials_that_are_not_shown_yet(two: tuple[Sitting, Sitting, Database]) -> None:
    mine, _, database = two
    mine.trial()
    signer = create_signer(mine)
    with database.reading() as transaction:
        later = list(
            transaction.scalars(select(Trial.id).where(Trial.session_id == 1).order_by(Trial.position))
        )[3:]
    for number in later:
        assert mine.answer(signer.sign("trial", number)).status_code == 409
        assert mine.client.get(f"/pictures/{number}/0").status_code == 404
    assert counts(database)[3] == 0


def create_signer(sitting: Sitting) -> Any:
    from beholder.study.services.tokens import Signer

    return Signer(sitting.client.app.state.folder.key)


@pytest.mark.parametrize(
    "path",
    [
        "/pictures/1/../../study.json",
        "/pictures/1/..%2f..%2fsecret.key",
        "/pictures/..%2f..%2fsecret.key/0",
        "/pictures/1/p0",
        "/pictures/99999999999999999999/0",
        "/pictures/-1/0",
        "/pictures/1%00/0",
        "/static/../folder.py",
        "/static/..%2f..%2fapp.py",
        "/static//etc/passwd",
        "/stimuli/aa/aa.png",
    ],
)
def test_paths_that_lead_out(two: tuple[Sitting, Sitting, Database], path: str) -> None:
    mine, _, _ = two
    mine.trial()
    answer = mine.client.get(path)
    assert answer.status_code in (403, 404, 422), answer.text
    assert b"uuid" not in answer.content
    assert b"import" not in answer.content


def test_bodies_that_are_none(two: tuple[Sitting, Sitting, Database]) -> None:
    mine, _, database = two
    token = mine.trial()["trial"]["token"]
    good = {"token": token, "answer": "left", "milliseconds": 900, "timing": TIMING}
    for bad in (
        {"answer": "' OR 1=1 --"},
        {"answer": "p0"},
        {"answer": "same"},
        {"answer": "tie"},
        {"milliseconds": -1},
        {"milliseconds": "NaN"},
        {"milliseconds": 1e300},
        {"timing": TIMING | {"flips": [0.0] * 11}},
        {"timing": TIMING | {"script": "<script>"}},
        {"token": "x" * 501},
        {"observer": 2},
    ):
        assert mine.post("/api/answers", good | bad).status_code == 422, bad
    large = mine.post("/api/answers", good | {"token": "x" * 70_000})
    assert large.status_code == 413
    assert counts(database)[3] == 0


def test_large_bodies_without_a_length(two: tuple[Sitting, Sitting, Database]) -> None:
    mine, _, _ = two
    body = (b"x" * 10_000 for _ in range(10))
    answer = mine.client.post("/api/answers", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_requests_of_other_sites(two: tuple[Sitting, Sitting, Database], headers: dict[str, str]) -> None:
    mine, _, database = two
    token = mine.trial()["trial"]["token"]
    body = {"token": token, "answer": "left", "milliseconds": 900, "timing": TIMING}
    answer = mine.client.post("/api/answers", json=body, headers={"X-CSRF-Token": mine.csrf} | headers)
    assert answer.status_code == 403
    assert mine.client.post("/api/answers", json=body).status_code == 401
    plain = mine.client.post(
        "/api/answers", content=b"{}", headers={"Content-Type": "text/plain"} | {"X-CSRF-Token": mine.csrf}
    )
    assert plain.status_code == 415
    assert counts(database)[3] == 0


def test_scripts_and_commands_in_names_stay_text(
    make_study: MakeStudy, open_study: OpenStudy, tmp_path: Any, bapps: Any
) -> None:
    import shutil

    evil = "<script>alert(1)</script>'; DROP TABLE trial; --"
    folder = tmp_path / "pictures"
    for condition in ("reference", "a", "b"):
        (folder / condition).mkdir(parents=True)
        for row in range(3):
            name = f"{evil.replace('/', '_')}{row}.png"
            shutil.copy(bapps / "val" / "noise" / "p0" / f"{row:06d}.png", folder / condition / name)
    seat, database = open_study(
        make_study(
            title=evil,
            question={"en": evil},
            stimuli={
                "reference": folder / "reference",
                "conditions": {evil: folder / "a", "b": folder / "b"},
            },
            session={"trials": 3},
            consent={"text": {"en": evil}, "contact": evil},
        )
    )
    sitting = seat().go_to_trials()
    for path in ("/", "/privacy", "/api/trial"):
        assert "<script>alert" not in sitting.client.get(path).text
    sitting.finish()
    assert counts(database)[3] == 7


def test_every_answer_is_guarded(two: tuple[Sitting, Sitting, Database]) -> None:
    mine, _, _ = two
    mine.trial()
    for path in ("/", "/privacy", "/api/trial", "/static/player.js", "/pictures/1/0", "/nothing", "/health"):
        answer = mine.client.get(path)
        policy = answer.headers["content-security-policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "server" not in answer.headers
    cookie = mine.client.post("/api/begin", json={"language": "en"}).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


def test_too_many_who_begin(make_study: MakeStudy, open_study: Any) -> None:
    seat, database = open_study(make_study(), ServerSettings(begins_a_minute=5))
    answers = Counter(seat().client.post("/api/begin", json={"language": "en"}).status_code for _ in range(8))
    assert answers == {200: 5, 429: 3}
    assert counts(database)[0] == 5


def test_all_of_an_observer_is_deleted_by_their_code(make_study: MakeStudy, open_study: OpenStudy) -> None:
    seat, database = open_study(make_study())
    other, mine = seat().go_to_trials(), seat().go_to_trials()
    other.trial()
    before = counts(database)
    mine.finish()
    signer = create_signer(mine)
    with database.reading() as transaction:
        code = signer.code("delete", transaction.get_one(Observer, 2))
    assert code in mine.client.get("/").text
    assert mine.client.post("/api/delete", json={"code": "ABCDE-FGH23"}).status_code == 404
    assert (
        mine.client.post("/api/delete", json={"code": f" {code.lower().replace('-', ' ')} "}).status_code
        == 200
    )
    assert counts(database) == [1, *before[1:]]
    assert mine.client.get("/api/trial").status_code == 401
    with database.reading() as transaction:
        assert "deleted" in list(transaction.scalars(select(Event.what)))


def test_codes_cannot_be_guessed(make_study: MakeStudy, open_study: Any) -> None:
    seat, _ = open_study(make_study(), ServerSettings(tries=3))
    client = seat().client
    answers = [client.post("/api/delete", json={"code": f"ABCDE-FGH2{n}"}).status_code for n in range(5)]
    assert answers == [404, 404, 404, 429, 429]


def test_nothing_tells_who_came(make_study: MakeStudy, open_study: OpenStudy) -> None:
    folder = make_study()
    seat, database = open_study(folder)
    sitting = seat()
    sitting.client.headers["User-Agent"] = "Telltale/1.0"
    sitting.go_to_trials().finish()
    sitting.client.post("/api/delete", json={"code": "nonsense"})
    database.close()
    stored = b"".join(file.read_bytes() for file in folder.path.glob("answers.sqlite*"))
    assert b"Telltale" not in stored
    assert b"testclient" not in stored  # the address that the client comes from
