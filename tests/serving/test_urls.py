"""Pictures from the web: from allowed hosts, at checked addresses, no further than the limits."""

from __future__ import annotations

import asyncio
import gzip
import http.server
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from beholder.serving.addresses import AllowedHosts
from beholder.serving.refusals import RefusedError
from beholder.serving.urls import Fetcher

PICTURE = bytes(range(256)) * 4
LIMIT = 4096


class Origin(http.server.BaseHTTPRequestHandler):
    """A host with a picture, and with traps; it notes what it is asked."""

    asked: list[tuple[str, str]]

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers["Host"]))
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/picture")
            self.end_headers()
            return
        if self.path == "/gone":
            self.send_error(404)
            return
        bodies = {"/large": bytes(LIMIT + 1), "/packed": gzip.compress(bytes(10**6)), "/full": bytes(LIMIT)}
        body = bodies.get(self.path, PICTURE)
        self.send_response(200)
        if self.path == "/packed":
            self.send_header("Content-Encoding", "gzip")
        if self.path == "/cut":
            self.send_header("Content-Length", str(2 * len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def origin() -> Iterator[tuple[int, list[tuple[str, str]]]]:
    """Its port, and what it was asked."""
    handler = type("Noting", (Origin,), {"asked": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.server_port, handler.asked  # type: ignore[attr-defined]
        server.shutdown()
        thread.join()


def fetch(url: str, *allowed: str, grown: list[int] | None = None) -> bytes:
    async def run() -> bytes:
        async with Fetcher(AllowedHosts.parse(allowed), LIMIT) as fetcher:
            return await fetcher.fetch(url, (grown if grown is not None else []).append)

    return asyncio.run(run())


def refused(url: str, *allowed: str) -> RefusedError:
    with pytest.raises(RefusedError) as told:
        fetch(url, *allowed)
    return told.value


def test_a_picture_from_an_allowed_host(origin: tuple[int, list[tuple[str, str]]]) -> None:
    port, asked = origin
    grown: list[int] = []
    assert fetch(f"http://127.0.0.1:{port}/picture", f"127.0.0.1:{port}", grown=grown) == PICTURE
    assert sum(grown) == len(PICTURE)
    assert asked == [("/picture", f"127.0.0.1:{port}")]
    assert len(fetch(f"http://127.0.0.1:{port}/full", f"127.0.0.1:{port}")) == LIMIT


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/moved", 422, "302, a redirect"),
        ("/gone", 422, "404"),
        ("/large", 413, f"more than {LIMIT} bytes"),
        ("/cut", 422, "cannot be fetched"),
    ],
)
def test_what_a_host_may_answer_instead(
    origin: tuple[int, list[tuple[str, str]]], path: str, status: int, words: str
) -> None:
    port, asked = origin
    error = refused(f"http://127.0.0.1:{port}{path}", f"127.0.0.1:{port}")
    assert error.status == status
    assert words in str(error)
    assert [where for where, _ in asked] == [path]


def test_nothing_is_unpacked(origin: tuple[int, list[tuple[str, str]]]) -> None:
    port, _ = origin
    packed = fetch(f"http://127.0.0.1:{port}/packed", f"127.0.0.1:{port}")
    assert packed.startswith(b"\x1f\x8b")
    assert len(packed) < LIMIT


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://allowed.test/a",
        "gopher://allowed.test/a",
        "http://127.0.0.1:{port}/picture",
        "http://localhost:{port}/picture",
        "http://[::1]:{port}/picture",
        "http://0.0.0.0:{port}/picture",
        "http://2130706433:{port}/picture",
        "http://0177.0.0.1:{port}/picture",
        "http://0x7f000001:{port}/picture",
        "http://127.1:{port}/picture",
        "http://[::ffff:127.0.0.1]:{port}/picture",
        "http://169.254.169.254/latest/meta-data",
        "http://user:password@allowed.test/a",
        "http://allowed.test@127.0.0.1:{port}/picture",
        "http://127.0.0.1:{port}#@allowed.test/",
        "http://127.0.0.1:{port}\\@allowed.test/",
        "http://allowed.test:{port}/picture",
        "//allowed.test/a",
        "/etc/passwd",
        "http://",
        "http:///picture",
        "http://a\r\nHost: allowed.test/",
        "",
    ],
)
def test_nothing_else_is_asked(origin: tuple[int, list[tuple[str, str]]], url: str) -> None:
    port, asked = origin
    assert refused(url.format(port=port), "allowed.test").status in (400, 403)
    assert asked == []


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "2130706433", "0x7f000001", "127.1", "169.254.169.254"],
)
def test_a_host_that_is_allowed_without_a_port_must_be_public(host: str) -> None:
    error = refused(f"http://{host}/picture", host)
    assert error.status == 403
    assert "not public" in str(error)


def resolve_to(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Make names resolve to one list of addresses after another, and note what is looked up."""
    looked_up: list[str] = []

    async def getaddrinfo(_: object, host: str, port: Any, **__: Any) -> list[tuple[Any, ...]]:
        addresses = answers[min(len(looked_up), len(answers) - 1)]
        looked_up.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port or 0)) for each in addresses]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", getaddrinfo)
    return looked_up


def test_a_name_that_leads_to_this_machine_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch, ["127.0.0.1"])
    assert "not public" in str(refused("http://allowed.test/picture", "allowed.test"))


def test_so_is_one_that_leads_elsewhere_too(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch, ["8.8.8.8", "10.0.0.1"])
    assert "not public" in str(refused("http://allowed.test/picture", "allowed.test"))


def test_the_connection_goes_to_the_address_that_was_checked(
    monkeypatch: pytest.MonkeyPatch, origin: tuple[int, list[tuple[str, str]]]
) -> None:
    port, asked = origin
    # A second look at the name would lead nowhere.
    looked_up = resolve_to(monkeypatch, ["127.0.0.1"], ["192.0.2.1"])
    assert fetch(f"http://allowed.test:{port}/picture", f"allowed.test:{port}") == PICTURE
    assert looked_up[0] == "allowed.test"
    assert "allowed.test" not in looked_up[1:]
    assert asked == [("/picture", f"allowed.test:{port}")]


def test_proxies_of_the_environment_are_not_used(
    monkeypatch: pytest.MonkeyPatch, origin: tuple[int, list[tuple[str, str]]]
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    port, _ = origin
    assert fetch(f"http://127.0.0.1:{port}/picture", f"127.0.0.1:{port}") == PICTURE


def test_a_host_that_does_not_answer_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    error = refused(f"http://127.0.0.1:{port}/picture", f"127.0.0.1:{port}")
    assert error.status == 422
    assert "cannot be fetched" in str(error)
