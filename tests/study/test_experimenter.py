"""The experimenter's page: who may see it, what it counts, what it changes."""

from __future__ import annotations

import dataclasses
import re
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select, update
from starlette.testclient import TestClient

from beholder.spec import UsageError
from beholder.study.database import Database, now
from beholder.study.folder import StudyFolder
from beholder.study.models import Event, Observer, Response, Session, Stimulus, Trial
from beholder.study.services.password import PasswordHash, draw_password
from beholder.study.services.tokens import Signer
from beholder.study.services.votes import LEASE, loads
from beholder.study.settings import ServerSettings
from study.conftest import MANY, TIMING, MakeStudy, OpenStudy, Sitting

EVIL = "<script>alert(1)</script>'; DROP TABLE trial; --"


@dataclasses.dataclass
class Desk:
    """An experimenter's browser, and the study around it."""

    client: TestClient
    seat: Callable[[], Sitting]
    database: Database
    folder: StudyFolder
    password: str

    def log_in(self, password: str | None = None) -> Any:
        return self.client.post("/api/experimenter/login", json={"password": password or self.password})

    @property
    def csrf(self) -> str:
        found = re.search(r'<meta name="csrf" content="([^"]+)">', self.client.get("/experimenter").text)
        return found[1] if found else ""

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        return self.client.post(
            f"/api/experimenter/{path}", json=body or {}, headers={"X-CSRF-Token": self.csrf}
        )

    def get(self, path: str, **query: Any) -> Any:
        found = self.client.get(f"/api/experimenter/{path}", params=query)
        assert found.status_code == 200, found.text
        return found.json()

    def log(self) -> list[str]:
        with self.database.reading() as transaction:
            return list(transaction.scalars(select(Event.what).order_by(Event.id)))


OpenDesk = Callable[..., Desk]


@pytest.fixture
def open_desk(make_study: MakeStudy, open_study: OpenStudy) -> OpenDesk:
    def open_it(
        server: ServerSettings = MANY, *, logged_in: bool = True, address: str | None = None, **settings: Any
    ) -> Desk:
        folder = make_study(database=address, **settings)
        password = folder.renew_password()
        seat, database = open_study(folder, server, address)
        desk = Desk(seat().client, seat, database, folder, password)
        if logged_in:
            assert desk.log_in().status_code == 200
        return desk

    return open_it


GUARDED = ("overview", "events", "stimuli", "pictures/1/p0")
CHANGES: dict[str, dict[str, str]] = {
    "state": {"state": "closed"},
    "exclude": {"observer": "0", "reason": "asleep"},
    "include": {"observer": "0", "reason": "awake"},
    "logout": {},
}


def check_shut(client: TestClient, csrf: str = "") -> None:
    """Nothing is told, nothing can be changed."""
    assert "Log in" in client.get("/experimenter").text
    for path in GUARDED:
        answer = client.get(f"/api/experimenter/{path}")
        assert answer.status_code == 401
        assert set(answer.json()) == {"error"}
    for path, body in CHANGES.items():
        answer = client.post(f"/api/experimenter/{path}", json=body, headers={"X-CSRF-Token": csrf})
        assert answer.status_code == 401


def test_passwords_are_drawn_and_kept_as_hashes() -> None:
    drawn = {draw_password() for _ in range(100)}
    assert len(drawn) == 100
    assert all(re.fullmatch(r"([2-9a-hjkmnp-z]{5}-){2}[2-9a-hjkmnp-z]{5}", each) for each in drawn)
    assert len(set("".join(drawn))) == 32  # 31 signs, of which 15 make 74 bits, and the hyphen
    password = drawn.pop()
    kept = PasswordHash.of(password)
    assert password not in kept.write()
    assert PasswordHash.read(kept.write()) == kept
    assert kept.matches(password)
    assert kept.matches(f" {password.upper().replace('-', ' ')}\n")
    assert not kept.matches(password[:-1])
    assert not kept.matches("")
    assert PasswordHash.of(password) != kept  # another salt
    for damaged in ("", "[]", '{"salt": 1}', '{"salt": "aa", "digest": "aa", "more": 1}'):
        with pytest.raises(UsageError, match="study password"):
            PasswordHash.read(damaged)


def test_the_password_lies_beside_the_key_for_its_owner_alone(make_study: MakeStudy) -> None:
    folder = make_study()
    assert folder.password is None
    password = folder.renew_password()
    file = folder.path / "password"
    assert file.stat().st_mode & 0o777 == 0o600
    assert password.encode() not in b"".join(
        each.read_bytes() for each in folder.path.rglob("*") if each.is_file()
    )
    assert folder.password
    assert folder.password.matches(password)


def test_without_a_password_nobody_comes_in(make_study: MakeStudy, open_study: OpenStudy) -> None:
    seat, _ = open_study(make_study())
    client = seat().client
    assert "beholder study password" in client.get("/experimenter").text
    refused = client.post("/api/experimenter/login", json={"password": ""})
    assert refused.status_code == 422
    refused = client.post("/api/experimenter/login", json={"password": "guess"})
    assert refused.status_code == 409
    assert client.get("/api/experimenter/overview").status_code == 401


def test_logging_in_and_out(open_desk: OpenDesk) -> None:
    desk = open_desk(logged_in=False)
    check_shut(desk.client)
    wrong = desk.log_in("not-it")
    assert wrong.status_code == 401
    assert "set-cookie" not in wrong.headers
    check_shut(desk.client)
    right = desk.log_in()
    cookie = right.headers["set-cookie"].lower()
    assert all(word in cookie for word in ("httponly", "samesite=strict", "max-age=43200"))
    assert "secure" not in cookie
    assert desk.get("overview")["study"]["state"] == "open"
    assert desk.post("logout").status_code == 200
    check_shut(desk.client)
    assert desk.log() == ["created", "login failed", "logged in", "logged out"]


def test_with_https_the_cookie_is_kept_from_plain_http(open_desk: OpenDesk) -> None:
    desk = open_desk(ServerSettings(https=True), logged_in=False)
    assert "secure" in desk.log_in().headers["set-cookie"].lower()


def test_passwords_cannot_be_guessed(open_desk: OpenDesk) -> None:
    desk = open_desk(ServerSettings(tries=3), logged_in=False)
    answers = [desk.log_in(f"guess-{count}").status_code for count in range(5)]
    assert answers == [401, 401, 401, 429, 429]
    closed = desk.log_in()  # the right one, too
    assert closed.status_code == 429
    assert int(closed.headers["retry-after"]) == 900
    assert desk.log() == ["created", *["login failed"] * 3]
    desk.database.close()
    stored = b"".join(file.read_bytes() for file in desk.folder.path.glob("answers.sqlite*"))
    assert b"testclient" not in stored  # the address
    assert b"guess-1" not in stored


def test_forged_foreign_and_expired_cookies(
    open_desk: OpenDesk, make_study: MakeStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = open_desk()
    good, csrf = desk.client.cookies["beholder_experimenter"], desk.csrf
    content = Signer(desk.folder.key).check("experimenter", good)
    observer = desk.seat().go_to_trials()
    other = make_study("other")
    other.renew_password()
    forged = {
        "cut": good[:-2] + "xx",
        "none": "",
        "an observer's": observer.client.cookies["beholder_observer"],
        "a page's": csrf,
        "another study's": Signer(other.key).sign("experimenter", content),
        "for another use": Signer(desk.folder.key).sign("observer", content),
        "another password's": Signer(desk.folder.key).sign("experimenter", content | {"password": "0" * 16}),
    }
    for cookie in forged.values():
        client = TestClient(
            desk.client.app, base_url="http://study", cookies={"beholder_experimenter": cookie}
        )
        check_shut(client, csrf)
    assert desk.client.get("/api/experimenter/overview").status_code == 200
    later = time.time() + 13 * 3600
    monkeypatch.setattr(time, "time", lambda: later)
    check_shut(desk.client, csrf)


def test_a_new_password_ends_all_sessions(open_desk: OpenDesk) -> None:
    desk = open_desk()
    csrf = desk.csrf
    old, desk.password = desk.password, desk.folder.renew_password()
    check_shut(desk.client, csrf)
    assert desk.log_in(old).status_code == 401
    assert desk.log_in().status_code == 200
    assert desk.get("overview")["study"]["state"] == "open"


def test_changes_come_from_our_page(open_desk: OpenDesk) -> None:
    desk = open_desk()
    mine = desk.csrf
    observer = desk.seat().go_to_trials()
    assert desk.log_in().status_code == 200  # another session
    tokens = {
        "": 401,
        mine[:-2] + "xx": 401,
        mine: 403,
        observer.csrf: 403,
        desk.client.cookies["beholder_experimenter"]: 401,
    }
    for token, status in tokens.items():
        for path, body in CHANGES.items():
            answer = desk.client.post(f"/api/experimenter/{path}", json=body, headers={"X-CSRF-Token": token})
            assert answer.status_code == status, (path, answer.text)
    crossing = {"X-CSRF-Token": desk.csrf, "Origin": "https://elsewhere.example"}
    answer = desk.client.post("/api/experimenter/state", json={"state": "closed"}, headers=crossing)
    assert answer.status_code == 403
    shown = observer.trial()["trial"]
    observer.csrf = desk.csrf  # nor does the experimenter's page answer for observers
    assert observer.answer(shown["token"]).status_code == 403
    assert desk.get("overview")["study"]["state"] == "open"


def test_observers_see_nothing_of_it(open_desk: OpenDesk) -> None:
    desk = open_desk()
    observer = desk.seat().go_to_trials()
    observer.finish()
    check_shut(observer.client, observer.csrf)


def test_a_pause_in_the_middle(open_desk: OpenDesk) -> None:
    desk = open_desk()
    observer, late = desk.seat().go_to_trials(), desk.seat()
    shown = observer.trial()["trial"]
    assert desk.post("state", {"state": "paused"}).json() == {"state": "paused"}
    assert observer.answer(shown["token"]).status_code == 200  # what was shown is stored
    paused = observer.client.get("/api/trial")
    assert paused.status_code == 503
    assert paused.headers["retry-after"]
    assert paused.json()["word"] == "paused"
    for sitting in (observer, late):
        page = sitting.client.get("/")
        assert page.status_code == 503
        assert "paused" in page.text
        assert 'http-equiv="refresh"' in page.text
    assert late.client.post("/api/begin", json={"language": "en"}).status_code == 503
    assert desk.post("state", {"state": "open"}).status_code == 200
    assert observer.trial()["trial"]["token"] != shown["token"]
    assert late.client.get("/").status_code == 200
    assert desk.log() == ["created", "logged in", "paused", "open"]


def test_a_study_that_is_closed(open_desk: OpenDesk) -> None:
    desk = open_desk(session={"trials": 2}, catch={"identical": 0, "noise": 0}, training={"trials": 0})
    done, last, middle = (desk.seat().go_to_trials() for _ in range(3))
    done.finish()
    middle.trial()
    last.answer(last.trial()["trial"]["token"])
    shown = last.trial()["trial"]
    desk.post("state", {"state": "closed"})
    assert last.answer(shown["token"]).status_code == 200
    assert last.trial() == {"state": "step", "step": "thanks"}  # all answered: thanked, with the code
    for sitting in (done, last):
        assert "done-code" in sitting.client.get("/").text
    page = middle.client.get("/")
    assert page.status_code == 410
    assert "The study is closed" in page.text
    assert re.search(r"<code>[A-Z2-7]{5}-[A-Z2-7]{5}</code>", page.text)  # to have theirs deleted
    assert middle.client.get("/api/trial").json()["word"] == "closed"
    desk.post("state", {"state": "closed"})
    assert desk.log().count("closed") == 1


def test_an_excluded_observer_is_kept_and_the_votes_are_asked_again(
    open_desk: OpenDesk, address: str | None
) -> None:
    desk = open_desk(address=address, session={"trials": 12, "breaks": {"every": 0}}, votes=1)
    desk.seat().go_to_trials().finish()
    with desk.database.reading() as transaction:
        name = transaction.get_one(Observer, 1).name
        before = loads(transaction)
        answers = len(transaction.scalars(select(Response.trial_id)).all())
    assert set(before.values()) == {1}
    other = desk.seat().go_to_trials()
    assert other.client.get("/api/trial").status_code == 410  # all have their votes
    assert desk.post("exclude", {"observer": name, "reason": f"  {EVIL} "}).status_code == 200
    again = desk.post("exclude", {"observer": name, "reason": "twice"})
    assert again.status_code == 409
    with desk.database.reading() as transaction:
        assert transaction.get_one(Observer, 1).excluded == EVIL
        assert set(loads(transaction).values()) == {0}
        assert len(transaction.scalars(select(Response.trial_id)).all()) == answers
    assert desk.get("overview")["study"]["votes"]["lacking"] == 12
    assert sum(found["trial"]["training"] is False for found in other.finish()) == 14
    assert desk.get("overview")["study"]["votes"]["lacking"] == 0
    assert desk.post("include", {"observer": name, "reason": "they wore their glasses"}).status_code == 200
    assert desk.post("include", {"observer": name, "reason": "again"}).status_code == 409
    assert desk.get("overview")["study"]["votes"]["histogram"] == [[2, 12]]
    events = desk.get("events")["entries"]
    assert [each["what"] for each in events[:2]] == ["included", "excluded"]
    assert events[1]["detail"] == {"observer": name, "reason": EVIL}
    assert events[0]["detail"]["excluded for"] == EVIL
    assert EVIL not in desk.client.get("/experimenter").text


@pytest.mark.parametrize(
    "change",
    [
        {"reason": ""},
        {"reason": " \n "},
        {"reason": "x" * 501},
        {"reason": "a\x00b"},
        {"reason": None},
        {"observer": EVIL},
        {"observer": ""},
        {"observer": 1},
        {"more": 1},
    ],
)
def test_exclusions_that_are_none(open_desk: OpenDesk, change: dict[str, Any]) -> None:
    desk = open_desk()
    answer = desk.post("exclude", {"observer": "0" * 12, "reason": "asleep"} | change)
    assert answer.status_code == 422
    assert desk.post("exclude", {"observer": "0" * 12, "reason": "nobody"}).status_code == 404
    assert desk.post("state", {"state": "deleted"}).status_code == 422
    assert desk.log() == ["created", "logged in"]


SAT: dict[str, Any] = {
    "votes": 3,
    "session": {"trials": 6, "repetitions": 1, "breaks": {"every": 0}},
    "catch": {"identical": 3, "noise": 2},
}


def sit(desk: Desk) -> None:
    """Nine observers of all kinds, with times by chance."""
    draw = np.random.default_rng(0)
    for number in range(9):
        sitting = desk.seat()
        if number == 0:
            sitting.begin()
            continue
        sitting.go_to_trials()
        if number == 1:
            continue
        for count in range(20):
            found = sitting.trial()
            if found["state"] == "step" or (number in (2, 3, 4) and count == 3 + number):
                break
            spoil = count == 5 and number == 6
            told = sitting.answer(
                found["trial"]["token"],
                None if spoil else str(draw.choice(["left", "right"])),
                milliseconds=float(draw.integers(100, 3000)),
                timing=TIMING | {"dropped": int(draw.integers(3))},
            )
            assert told.status_code == 200
    with desk.database.writing() as transaction:
        for number in (1, 3, 4):
            transaction.execute(
                update(Observer).where(Observer.id == number).values(seen=now() - LEASE - 1000)
            )
            transaction.execute(
                update(Session).where(Session.observer_id == number).values(leased=now() - 1000)
            )
        transaction.get_one(Observer, 8).excluded = "asleep"
        # hours, and for one observer a day before
        for response in transaction.scalars(select(Response)):
            response.received -= int(response.trial_id % 3) * 3_600_000


def count_by_hand(database: Database) -> dict[str, Any]:
    """What the overview tells, counted in Python."""
    with database.reading() as transaction:
        observers = list(transaction.scalars(select(Observer)))
        main = [
            (observer, trial, transaction.get(Response, trial.id))
            for observer in observers
            for session in observer.sessions
            for trial in session.trials
            if trial.purpose != "training"
        ]
        stimuli = list(transaction.scalars(select(Stimulus.id).where(Stimulus.purpose == "judged")))
        good = [row for row in main if row[0].failed is None and row[0].excluded is None]
        votes = Counter(
            trial.stimulus_id for _, trial, answer in good if answer and trial.purpose == "judged"
        )
        times = [answer.milliseconds for _, _, answer in good if answer]
        answers = [answer for *_, answer in main if answer]
        return {
            "histogram": sorted(map(list, Counter(votes[each] for each in stimuli).items())),
            "kept": sum(
                trial.state == "open" and trial.purpose == "judged" and trial.session.leased > now()
                for _, trial, _ in good
            ),
            "milliseconds": np.quantile(times, [0.25, 0.5, 0.75], method="inverted_cdf").tolist(),
            "count": len(answers),
            "quick": sum(answer.implausible for answer in answers),
            "spoiled": sum(trial.state == "spoiled" for _, trial, _ in main),
            "dropped": sum(answer.timing["dropped"] for answer in answers if answer.timing),
            "uneven": sum(answer.timing["dropped"] > 0 for answer in answers if answer.timing),
            "over_time": sorted(
                map(list, Counter(answer.received // 3_600_000 * 3_600_000 for answer in answers).items())
            ),
            "failed": sum(
                observer.failed is not None and observer.excluded is None for observer in observers
            ),
            "steps": dict(Counter(observer.step for observer in observers)),
            "each": {
                observer.name: [
                    (trial, answer) for own, trial, answer in main if own is observer and answer is not None
                ]
                for observer in observers
            },
            "right": {
                trial.id: transaction.get_one(Stimulus, trial.stimulus_id).expected
                for _, trial, _ in main
                if trial.purpose == "catch"
            },
        }


def test_the_overview_against_a_count_by_hand(open_desk: OpenDesk, address: str | None) -> None:
    desk = open_desk(address=address, **SAT)
    sit(desk)
    told, by_hand = desk.get("overview"), count_by_hand(desk.database)
    study, listed = told["study"], told["observers"]["entries"]
    votes, observers, answers = study["votes"], study["observers"], study["answers"]
    assert votes["histogram"] == by_hand["histogram"]
    assert votes["got"] == sum(got * many for got, many in by_hand["histogram"])
    assert votes["lacking"] == sum(max(0, 3 - got) * many for got, many in by_hand["histogram"])
    assert votes["kept"] == by_hand["kept"] > 0
    assert (votes["each"], votes["stimuli"]) == (3, 12)
    for name in ("count", "quick", "milliseconds", "spoiled", "dropped", "uneven", "over_time"):
        assert answers[name] == by_hand[name], name
    assert answers["quick"] > 0
    assert answers["bin"] == 3_600_000
    assert len(answers["over_time"]) >= 3
    assert {step: count for step, count in observers["steps"].items() if count} == by_hand["steps"]
    assert observers["failed"] == by_hand["failed"] > 0
    ways = [observers[name] for name in ("begun", "finished", "at_it", "left", "excluded")]
    assert ways == [9, 4, 2, 3, 1]
    # one left at the consent; of the others two trials were training
    assert observers["left_at"] == [["consent", 0, 1], ["trials", 3, 1], ["trials", 4, 1]]
    assert [each["standing"]["number"] for each in listed] == list(range(9, 0, -1))
    for each in listed:
        own = by_hand["each"][each["standing"]["name"]]
        times = [answer.milliseconds for _, answer in own]
        expected = np.quantile(times, [0.25, 0.5, 0.75], method="inverted_cdf").tolist() if times else None
        assert each["milliseconds"] == expected
        caught = [
            answer.answer == by_hand["right"][trial.id] for trial, answer in own if trial.purpose == "catch"
        ]
        assert each["attention"]["catches"] == len(caught)
        assert each["attention"]["right"] == sum(caught)
        assert each["attention"]["answers"] == len(own)
        assert each["dropped"] == sum(answer.timing["dropped"] for _, answer in own if answer.timing)


def test_observers_by_what_became_of_them(open_desk: OpenDesk) -> None:
    desk = open_desk(**SAT)
    sit(desk)
    found = {
        which: desk.get("overview", which=which)["observers"]
        for which in ("all", "at it", "finished", "left", "do not count")
    }
    idle = found.pop("do not count")
    assert {which: each["total"] for which, each in found.items()} == {
        "all": 9,
        "at it": 2,
        "finished": 4,
        "left": 3,
    }
    for each in found["all"]["entries"]:
        standing = each["standing"]
        assert (each in idle["entries"]) == bool(standing["failed"] or standing["excluded"])
    assert idle["total"] == len(idle["entries"]) > 1
    assert "asleep" in [each["standing"]["excluded"] for each in idle["entries"]]
    assert len(desk.get("overview", first=4)["observers"]["entries"]) == 5
    assert desk.client.get("/api/experimenter/overview?which=nobody").status_code == 422
    assert desk.client.get("/api/experimenter/overview?first=-1").status_code == 422


def test_a_study_that_nobody_came_to(open_desk: OpenDesk) -> None:
    desk = open_desk()
    told = desk.get("overview")
    assert told["observers"] == {"total": 0, "entries": []}
    assert told["study"]["votes"] == {
        "each": 2,
        "stimuli": 12,
        "got": 0,
        "kept": 0,
        "lacking": 24,
        "histogram": [[0, 12]],
    }
    assert told["study"]["answers"]["milliseconds"] is None


def test_any_stimulus_can_be_seen(open_desk: OpenDesk, address: str | None) -> None:
    desk = open_desk(address=address)
    found = desk.get("stimuli")
    assert found["total"] == len(found["entries"])
    purposes = [each["purpose"] for each in found["entries"]]
    assert purposes[:12] == ["judged"] * 12
    assert set(purposes[12:]) == {"catch", "training"}
    assert all((each["expected"] is None) == (each["purpose"] == "judged") for each in found["entries"])
    for each in found["entries"]:
        assert each["roles"] == ["reference", "p0", "p1"]
        assert (each["width"], each["height"]) == (32, 24)
        for role in each["roles"]:
            picture = desk.client.get(f"/api/experimenter/pictures/{each['number']}/{role}")
            assert picture.headers["content-type"] == "image/png"
            assert picture.content.startswith(b"\x89PNG")
    desk.seat().go_to_trials().trial()
    assert sum(each["kept"] for each in desk.get("stimuli")["entries"]) == 6
    assert desk.get("stimuli", first=12)["entries"][0]["purpose"] == "catch"
    assert {each["purpose"] for each in desk.get("stimuli", search="TRAINING")["entries"]} == {"training"}
    assert desk.get("stimuli", search="%")["total"] == desk.get("stimuli", search="_")["total"] == 0
    assert desk.get("stimuli", search=EVIL) == {"total": 0, "entries": []}
    assert desk.client.get("/api/experimenter/stimuli", params={"search": "a\x00"}).status_code == 422
    assert desk.client.get("/api/experimenter/stimuli", params={"search": "a" * 201}).status_code == 422


@pytest.mark.parametrize(
    "path",
    [
        "1/../../secret.key",
        "1/..%2f..%2fsecret.key",
        "..%2f..%2fsecret.key/p0",
        "1/%2fetc%2fpasswd",
        "1/name",
        "1/p0.png",
        "1/p0%00",
        "999/p0",
        "0/p0",
        "99999999999999999999/p0",
    ],
)
def test_picture_names_that_lead_out(open_desk: OpenDesk, path: str) -> None:
    answer = open_desk().client.get(f"/api/experimenter/pictures/{path}")
    assert answer.status_code in (404, 422)
    assert "error" in answer.json()


def test_the_log_is_complete_and_long(open_desk: OpenDesk) -> None:
    desk = open_desk()
    for state in ("paused", "open") * 30:
        desk.post("state", {"state": state})
    found = desk.get("events")
    assert found["total"] == 62
    assert len(found["entries"]) == 50
    rest = desk.get("events", first=50)["entries"]
    assert [each["what"] for each in rest][-2:] == ["logged in", "created"]
    assert {each["who"] for each in found["entries"] + rest} == {"experimenter"}


def test_names_and_titles_stay_text(open_desk: OpenDesk) -> None:
    desk = open_desk(title=EVIL, question={"en": EVIL})
    text = desk.client.get("/experimenter").text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text
    assert not re.search(
        r"<script(?![^>]* src=)|<style| style=| on\w+=", text
    )  # nothing for the policy to forbid


def test_a_trial_counts_no_more_than_its_observer(open_desk: OpenDesk) -> None:
    """A trial of an excluded observer who is at it is not kept for them."""
    desk = open_desk()
    desk.seat().go_to_trials().trial()
    assert desk.get("overview")["study"]["votes"]["kept"] == 6
    with desk.database.reading() as transaction:
        name = transaction.scalars(select(Observer.name)).one()
        trials = len(transaction.scalars(select(Trial.id)).all())
    desk.post("exclude", {"observer": name, "reason": "a test of ours"})
    assert desk.get("overview")["study"]["votes"]["kept"] == 0
    with desk.database.reading() as transaction:
        assert len(transaction.scalars(select(Trial.id)).all()) == trials
