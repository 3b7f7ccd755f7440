"""Requests that no browser makes: each is refused in words, and the server stays up."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from beholder.study.database import Database
from beholder.study.models import Response
from beholder.study.settings import ServerSettings
from study.conftest import TIMING, MakeStudy, OpenStudy, Sitting

JSON = {"Content-Type": "application/json"}


def answers(database: Database) -> int:
    with database.reading() as transaction:
        return transaction.scalar(select(func.count()).select_from(Response)) or 0


@pytest.fixture
def seated(make_study: MakeStudy, open_study: OpenStudy) -> tuple[Sitting, Database]:
    seat, database = open_study(make_study())
    return seat().go_to_trials(), database


def body(token: str, **changes: Any) -> dict[str, Any]:
    return {"token": token, "answer": "left", "milliseconds": 900, "timing": TIMING} | changes


NO_ANSWERS = {
    "deep arrays": (b"[" * 60_000, 400),
    "deep objects": (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, 400),
    "no UTF-8": (b'{"token":"\xff"}', 400),
    "half a document": (b'{"token":', 422),
    "nothing": (b"", 422),
    "no object": (b"[]", 422),
    "null": (b"null", 422),
    "half a surrogate pair in a key": (b'{"\\ud800":1}', 422),
    "a NUL in a key": (b'{"\\u0000":1}', 422),
}


def test_bodies_that_are_no_answers(seated: tuple[Sitting, Database]) -> None:
    mine, database = seated
    mine.trial()
    for path in ("/api/answers", "/api/steps/consent", "/api/rest", "/api/begin", "/api/delete"):
        for what, (sent, status) in NO_ANSWERS.items():
            answer = mine.client.post(path, content=sent, headers=JSON | {"X-CSRF-Token": mine.csrf})
            assert answer.status_code == status, (what, path)
            assert answer.json()["error"]
    assert answers(database) == 0


NUMBERS = (
    "NaN",
    "Infinity",
    "-Infinity",
    "1e400",
    "9" * 400,
    "-0.001",
    "86400001",
    "1" + "0" * 5000,
    '"NaN"',
)


def test_numbers_that_are_no_times(seated: tuple[Sitting, Database]) -> None:
    mine, database = seated
    token = mine.trial()["trial"]["token"]
    places = ("milliseconds", "refresh", "scale", "flips", "dropped")
    for place, number in itertools.product(places, NUMBERS):
        told = body(token)
        (told if place == "milliseconds" else told["timing"]).update({place: "HERE"})
        value = f"[{number}]" if place == "flips" else number
        sent = json.dumps(told).replace('"HERE"', value)
        answer = mine.client.post("/api/answers", content=sent, headers=JSON | {"X-CSRF-Token": mine.csrf})
        assert answer.status_code in (400, 422), (place, number[:9], answer.text)
    assert answers(database) == 0


@pytest.mark.parametrize("text", ["a\0b", "\ud800"], ids=ascii)
def test_texts_that_cannot_be_stored(make_study: MakeStudy, open_study: OpenStudy, text: str) -> None:
    seat, database = open_study(make_study(demographics=True, screen_check=True))
    assert seat().client.post("/api/begin", content=json.dumps({"language": text})).status_code == 415
    assert (
        seat().client.post("/api/begin", content=json.dumps({"language": text}), headers=JSON).status_code
        == 422
    )
    mine = seat().begin()
    screen = {
        "pixels_per_millimetre": 3.8, "device_pixel_ratio": 1, "zoom": 1, "width": 1920, "height": 1080, "refresh": 60,
        "plates": [text], "plates_right": 0, "darkest": 0, "touch": False,
    }  # fmt: skip
    tries = {
        "/api/steps/consent": {"version": text},
        "/api/steps/about": {"about": {"age": text}},
        "/api/steps/screen": {"screen": screen},
        "/api/answers": body(text),
        "/api/delete": {"code": text},
    }
    for path, told in tries.items():
        sent = json.dumps(told)
        answer = mine.client.post(path, content=sent, headers=JSON | {"X-CSRF-Token": mine.csrf})
        assert 400 <= answer.status_code < 500, (path, answer.text)
    assert mine.client.post(
        "/api/answers", json=body("x", answer=text.encode("ascii", "replace").decode()), headers=JSON
    ).is_client_error
    assert answers(database) == 0


KINDS = (
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "text/plain",
    "application/jsonp",
    "application/json\xff",
    "",
)


def test_bodies_of_other_kinds(seated: tuple[Sitting, Database]) -> None:
    mine, database = seated
    sent = json.dumps(body(mine.trial()["trial"]["token"])).encode()
    for given in ({}, *({"Content-Type": kind} for kind in KINDS)):
        headers = {"X-CSRF-Token": mine.csrf} | given
        raw = {name: value.encode("latin-1") for name, value in headers.items()}
        assert mine.client.post("/api/answers", content=sent, headers=raw).status_code == 415, given
    assert answers(database) == 0


async def call(app: Any, headers: dict[bytes, bytes], parts: AsyncIterator[bytes]) -> int:
    """Post past the server's own parser, which refuses some of it before."""
    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
             "path": "/api/rest", "raw_path": b"/api/rest", "query_string": b"", "root_path": "",
             "headers": [(b"host", b"study"), (b"content-type", b"application/json"), *headers.items()],
             "client": ("test", 1), "server": ("study", 80)}  # fmt: skip
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        part = await anext(parts, None)
        return {"type": "http.request", "body": part or b"", "more_body": part is not None}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    await app(scope, receive, send)
    return statuses[0]


async def endless(pause: float) -> AsyncIterator[bytes]:
    while True:
        await asyncio.sleep(pause)
        yield b" " * 1000


def test_lengths_that_are_none(seated: tuple[Sitting, Database]) -> None:
    app = seated[0].client.app
    for length in (b"\xb2", b"9" * 5000, b"-1", b"+5", b"1e3", b"0x10", b" ", b"65537"):
        assert asyncio.run(call(app, {b"content-length": length}, endless(0))) == 413, length[:9]


def test_bodies_without_an_end(make_study: MakeStudy, open_study: OpenStudy) -> None:
    seat, _ = open_study(make_study(), ServerSettings(body_seconds=0.2))
    app = seat().client.app
    assert asyncio.run(call(app, {b"transfer-encoding": b"chunked"}, endless(0))) == 413
    assert asyncio.run(call(app, {b"transfer-encoding": b"chunked"}, endless(0.05))) == 408


PATHS = (
    "/static/%00",
    "/static/" + "a" * 5000,
    "/static/" + "a/" * 3000,
    "/static/%2e%2e/app.py",
    "/static/%2e%2e%2fapp.py",
    "/static/..%5c..%5capp.py",
    "/static/%ff%fe",
    "/static/%c0%ae%c0%ae/app.py",
    "/static/./../app.py",
    "/static/",
    "/pictures/1/%00",
    "/pictures/1/%2e%2e%2f%2e%2e%2fsecret.key",
    "/pictures/1/0%2f..%2f..%2f..%2fsecret.key",
    "/pictures/%31%00/0",
    "/pictures/1;1/0",
    "/pictures/0/0",
    "/pictures/1e0/0",
    "/pictures/1' OR '1'='1/0",
    "/%2e%2e/secret.key",
    "/answers.sqlite",
)


def test_paths_that_are_none(seated: tuple[Sitting, Database]) -> None:
    mine, _ = seated
    mine.trial()
    for path in PATHS:
        found = mine.client.get(path)
        assert found.status_code in (404, 422), found.text
        assert found.headers["content-type"] == "application/json"


def test_cookies_that_are_none(seated: tuple[Sitting, Database]) -> None:
    for cookie in (b"\xff\xfe", b"a\0b", b"a.b.c", b"=", b"." * 4000, b"eyJhIjoxfQ.AAAAAA.AAAA"):
        carried = {"Cookie": b"beholder_observer=" + cookie}
        client = TestClient(seated[0].client.app, base_url="http://study", headers=carried)
        assert client.get("/api/trial").status_code == 401
        assert client.get("/").status_code == 200


def test_tokens_that_were_used(seated: tuple[Sitting, Database]) -> None:
    mine, database = seated
    first = mine.trial()["trial"]["token"]
    assert mine.answer(first).status_code == 200
    second = mine.trial()["trial"]["token"]
    assert mine.answer(second, None).status_code == 200  # spoiled: it is training, and does not come again
    before = answers(database)
    for _ in range(3):
        assert mine.answer(first).json()["again"] is True
        assert mine.answer(first, "right").status_code == 409
        assert mine.answer(second).status_code == 409
    assert answers(database) == before == 1
    for broken in (first[:-1], first + "A", first.upper(), first.split(".")[0], first + "\n", " " + first):
        assert mine.answer(broken).status_code == 401, broken
    assert answers(database) == before
