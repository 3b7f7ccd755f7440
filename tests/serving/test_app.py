"""What clients get for good requests and bad ones."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import httpx2
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

import beholder
from beholder.images import Address, addresses, read_picture
from beholder.scoring import Scorer
from beholder.serving import ServerSettings, create_app
from beholder.spec import PictureError
from hostile import CASES
from serving.conftest import LIMIT

Files = dict[str, bytes]


def ask(client: TestClient, reference: bytes, distorted: bytes, **fields: str) -> httpx2.Response:
    return client.post("/score", files={"reference": reference, "distorted": distorted}, data=fields)


def test_scores_are_those_of_the_library(client: TestClient, files: Files, pictures: dict[str, Path]) -> None:
    answer = ask(client, files["reference"], files["noisy3"])
    assert answer.status_code == 200
    frame = beholder.score([(pictures["reference"], pictures["noisy3"])], ["psnr", "ssim"])
    assert answer.json()["scores"] == {name: frame[name][0] for name in ("psnr", "ssim")}
    assert answer.json()["error"] is None
    assert re.fullmatch(r"total;dur=\d+\.\d", answer.headers["server-timing"])


def test_an_answer_tells_where_its_numbers_come_from(client: TestClient, files: Files) -> None:
    provenance = ask(client, files["reference"], files["noisy1"], metrics="ssim").json()["provenance"]
    assert provenance["device"] == "cpu"
    assert {"beholder", "engine", "precision", "resize", "created"} <= set(provenance)
    assert list(provenance["metrics"]) == ["ssim"]


def test_equal_pictures_are_told_as_infinite(client: TestClient, files: Files) -> None:
    answer = ask(client, files["reference"], files["reference"]).json()
    assert answer["scores"]["psnr"] is None
    assert answer["infinite"] == {"psnr": "inf"}
    assert answer["error"] is None


def test_metrics_may_be_chosen(client: TestClient, files: Files) -> None:
    answer = ask(client, files["reference"], files["noisy1"], metrics="ssim, psnr")
    assert list(answer.json()["scores"]) == ["ssim", "psnr"]


@pytest.mark.parametrize(
    "metrics",
    ["lpips_alex", "niqe:/etc/passwd", "lpips_vgg:trunk=/etc/passwd", "psnr:border=4", "", ",", "psnr,psnr"],
)
def test_metrics_that_the_server_was_not_started_with_are_refused(
    client: TestClient, files: Files, metrics: str
) -> None:
    answer = ask(client, files["reference"], files["noisy1"], metrics=metrics)
    assert answer.status_code == 400
    assert set(answer.json()) == {"error"}


def test_one_metric_that_fails_leaves_the_others(client: TestClient, files: Files) -> None:
    answer = ask(client, files["small"], files["small"], metrics="ssim,psnr")
    assert answer.status_code == 200
    assert answer.json()["scores"] == {"ssim": None, "psnr": None}
    assert answer.json()["infinite"] == {"psnr": "inf"}
    assert answer.json()["error"].startswith("ssim: ")
    assert ask(client, files["small"], files["small"], metrics="ssim").status_code == 422


def test_sizes_that_differ_are_refused(client: TestClient, files: Files) -> None:
    answer = ask(client, files["reference"], files["small"])
    assert answer.status_code == 422
    assert "10x10" in answer.json()["error"]


@pytest.mark.parametrize("case", [case for case in CASES.values() if not case.readable], ids=lambda c: c.stem)
def test_what_is_no_picture_is_refused_in_the_words_of_the_command(
    client: TestClient, files: Files, tmp_path: Path, case: Any
) -> None:
    path = tmp_path / case.name
    case.make(path)
    if not path.exists():
        pytest.skip("nothing that could be sent")
    with pytest.raises(PictureError) as told:
        read_picture(path, max_pixels=1_000_000)
    answer = ask(client, files["reference"], path.read_bytes())
    assert answer.status_code == 422
    assert answer.json()["error"] == str(told.value).replace(str(path), "distorted")


def test_too_many_bytes_are_refused(client: TestClient, files: Files) -> None:
    answer = ask(client, files["reference"], bytes(LIMIT + 1))
    assert answer.status_code == 413
    assert f"at most {LIMIT} bytes" in answer.json()["error"]
    assert ask(client, bytes(LIMIT), files["reference"]).status_code == 422


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"reference": b"x"}, "neither of distorted"),
        ({}, "no form"),
        ({"reference": b"x", "distorted": b"x", "weights": b"/etc/passwd"}, "no field 'weights'"),
        ({"reference": b"x", "distorted": b"x", "reference_url": b"http://a/"}, "both of reference"),
        ({"reference": b"x", "distorted": b"x", "metrics": b"\xff"}, "not UTF-8"),
    ],
)
def test_forms_without_the_right_fields_are_refused(
    client: TestClient, fields: dict[str, bytes], found: str
) -> None:
    if not fields:
        answer = client.post("/score", json={"reference": "x"})
        assert answer.status_code == 415
        return
    answer = client.post("/score", files=fields)
    assert answer.status_code == 400
    assert found in answer.json()["error"]


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "http://127.0.0.1/x", "https://example.org/a.png", "no address", "ftp://a/b", ""],
)
def test_addresses_are_refused_unless_allowed(client: TestClient, files: Files, url: str) -> None:
    answer = client.post("/score", files={"reference": files["reference"]}, data={"distorted_url": url})
    assert answer.status_code in (400, 403)
    assert set(answer.json()) == {"error"}


@pytest.mark.parametrize("url", ["memory://folder/a.png", "s3://bucket/a.png"])
def test_no_request_reaches_object_storage(
    files: Files, memory: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with fsspec.open(f"{memory}/a.png", "wb") as file:
        file.write(files["reference"])
    opened: list[Address] = []
    monkeypatch.setattr(addresses, "store_of", opened.append)
    app = create_app(Scorer(["psnr"]), ServerSettings(allowed_hosts=("folder", "folder:80", "bucket")))
    reference = {"reference": files["reference"]}
    with TestClient(app) as client:
        answers = [
            client.post("/score", files=reference, data={"distorted_url": url}),
            client.post("/score", files={**reference, "distorted": (url, b"")}),
            client.post("/score", files={**reference, "distorted": (url, url.encode())}),
            client.post("/score", files=reference, data={"distorted": url}),
        ]
    assert [answer.status_code for answer in answers] == [403, 422, 422, 422]
    assert not opened


@contextlib.contextmanager
def origin(body: bytes | None) -> Iterator[int]:
    """The port of a host that answers one request with a file, or never."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + (body or b""))

        thread = threading.Thread(target=answer)
        if body is not None:
            thread.start()
        yield listener.getsockname()[1]
        if body is not None:
            thread.join()


def test_a_picture_by_its_address(files: Files) -> None:
    with origin(files["noisy1"]) as port:
        app = create_app(Scorer(["psnr"]), ServerSettings(allowed_hosts=(f"127.0.0.1:{port}",)))
        with TestClient(app) as client:
            address = {"distorted_url": f"http://127.0.0.1:{port}/noisy1.png"}
            fetched = client.post("/score", files={"reference": files["reference"]}, data=address).json()
            sent = ask(client, files["reference"], files["noisy1"]).json()
    assert fetched["scores"] == sent["scores"]


def test_a_host_that_keeps_silent_is_waited_for_no_longer_than_told(files: Files) -> None:
    with origin(None) as port:
        app = create_app(Scorer(["psnr"]), ServerSettings(timeout=0.5, allowed_hosts=(f"127.0.0.1:{port}",)))
        with TestClient(app) as client:
            address = {"distorted_url": f"http://127.0.0.1:{port}/noisy1.png"}
            answer = client.post("/score", files={"reference": files["reference"]}, data=address)
            assert answer.status_code == 422
            assert "not there within 0.5 s" in answer.json()["error"]
            assert "beholder_requests_in_hand 0.0" in client.get("/metrics").text


def test_other_addresses_and_methods_are_refused_as_json(client: TestClient) -> None:
    assert client.get("/etc/passwd").status_code == 404
    answer = client.get("/score")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"
    assert set(answer.json()) == {"error"}


def test_health_and_prometheus(client: TestClient, files: Files) -> None:
    assert client.get("/health").json()["metrics"] == ["psnr", "ssim"]
    ask(client, files["reference"], files["noisy1"])
    ask(client, files["reference"], b"")
    text = client.get("/metrics").text
    assert 'beholder_requests_total{status="200"} 2.0' in text
    assert 'beholder_requests_total{status="422"} 1.0' in text
    assert "beholder_batch_pairs_sum 1.0" in text
    assert "beholder_held_bytes 0.0" in text
    assert "beholder_requests_in_hand 0.0" in text


async def ask_together(app: FastAPI, pairs: list[tuple[bytes, bytes]]) -> list[httpx2.Response]:
    transport = httpx2.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://beholder") as client,
    ):
        sent = [
            client.post("/score", files={"reference": reference, "distorted": distorted})
            for reference, distorted in pairs
        ]
        return await asyncio.gather(*sent)


def test_a_broken_picture_fails_its_own_request_only(app: FastAPI, files: Files) -> None:
    pairs = [(files["reference"], files[f"noisy{level}"]) for level in range(1, 9)]
    pairs[3] = (files["reference"], files["noisy4"][:-100])
    answers = asyncio.run(ask_together(app, pairs))
    assert [answer.status_code for answer in answers] == [200, 200, 200, 422, 200, 200, 200, 200]
    psnr = [answer.json()["scores"]["psnr"] for answer in answers if answer.status_code == 200]
    assert psnr == sorted(psnr, reverse=True)
    assert len(set(psnr)) == 7


def test_more_requests_than_may_wait_are_told_to_come_again(files: Files) -> None:
    app = create_app(Scorer(["psnr"]), ServerSettings(waiting=2))
    answers = asyncio.run(ask_together(app, [(files["reference"], files["noisy1"])] * 5))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 503, 503, 503]
    assert {answer.headers["retry-after"] for answer in answers if answer.status_code == 503} == {"1"}


def test_what_nobody_thought_of_is_told_and_the_server_goes_on(
    app: FastAPI, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("secret")

    with TestClient(app, raise_server_exceptions=False) as client:
        with monkeypatch.context() as patch:
            patch.setattr("beholder.serving.pictures.load_pair", fail)
            answer = ask(client, files["reference"], files["noisy1"])
        assert answer.status_code == 500
        assert "secret" not in answer.json()["error"]
        assert ask(client, files["reference"], files["noisy1"]).status_code == 200
        assert 'beholder_requests_total{status="500"} 1.0' in client.get("/metrics").text
