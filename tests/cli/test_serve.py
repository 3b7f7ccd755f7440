"""`beholder serve`, as a process that good clients and bad ones talk to."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import re
import signal
import socket
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path

import httpx2
import pytest

from cli.conftest import Run
from forking import ForkedCommands, Started
from images.files import png

PATIENCE = 1  # seconds that an impatient server gives a request

Folders = tuple[Path, Path]


@dataclasses.dataclass
class Served:
    process: Started
    url: str

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def peak_memory(self) -> int:
        """Most bytes that the process has held so far."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        assert found
        return 1024 * int(found[1])


Serving = Callable[..., contextlib.AbstractContextManager[Served]]


@pytest.fixture(scope="module")
def serving(forked: ForkedCommands, tmp_path_factory: pytest.TempPathFactory) -> Serving:
    """Call the command until it says where it answers."""

    @contextlib.contextmanager
    def call(*options: str) -> Iterator[Served]:
        arguments = ["serve", "-m", "psnr,ssim", "--port", "0", *options]
        with forked.start(arguments, tmp_path_factory.mktemp("serving")) as process:
            while not (found := re.search(r"(http://127\.0\.0\.1:\d+)/score", process.errors.read_text())):
                assert process.poll() is None, process.errors.read_text()
                time.sleep(0.02)
            yield Served(process, found[1])

    return call


@pytest.fixture(scope="module")
def served(serving: Serving) -> Iterator[Served]:
    with serving("--max-megabytes", "10") as served:
        yield served


@pytest.fixture(scope="module")
def impatient(serving: Serving) -> Iterator[Served]:
    with serving("--timeout", str(PATIENCE)) as served:
        yield served


@pytest.fixture(autouse=True)
def healthy(request: pytest.FixtureRequest) -> Iterator[None]:
    """After each test the server still answers."""
    yield
    for name in {"served", "impatient"} & set(request.fixturenames):
        served = request.getfixturevalue(name)
        answer = httpx2.get(f"{served.url}/health")
        assert answer.json()["status"] == "ok"
        assert "beholder_requests_in_hand 0.0" in httpx2.get(f"{served.url}/metrics").text


def read_all(connection: socket.socket) -> bytes:
    """What comes until the other side closes."""
    received = b""
    with contextlib.suppress(ConnectionResetError):
        while chunk := connection.recv(65536):
            received += chunk
    return received


def make_request(files: dict[str, bytes], *, length: int | None = None) -> bytes:
    built = httpx2.Request("POST", "http://beholder/score", files=files)
    body = built.read()
    head = f"POST /score HTTP/1.1\r\nHost: beholder\r\nContent-Type: {built.headers['content-type']}\r\n"
    return f"{head}Content-Length: {length or len(body)}\r\n\r\n".encode() + body


def test_scores_are_those_of_the_command(served: Served, run: Run, folders: Folders) -> None:
    files = {"reference": folders[0] / "one.png", "distorted": folders[1] / "one.bmp"}
    row = json.loads(run("score", *files.values(), "-m", "psnr,ssim", "--json", "-q").stdout)[0]
    answer = httpx2.post(
        f"{served.url}/score", files={name: path.read_bytes() for name, path in files.items()}
    )
    assert answer.json()["scores"] == {name: row[name] for name in ("psnr", "ssim")}


def test_many_megabytes_are_not_held(served: Served) -> None:
    before = served.peak_memory()
    head = b'--cut\r\nContent-Disposition: form-data; name="reference"; filename="a"\r\n\r\n'

    def body() -> Iterator[bytes]:
        yield head
        for _ in range(1600):
            yield bytes(65536)
        yield b"\r\n--cut--\r\n"

    kind = {"Content-Type": "multipart/form-data; boundary=cut"}
    answer = httpx2.post(f"{served.url}/score", content=body(), headers=kind)
    assert answer.status_code == 413
    assert answer.headers["connection"] == "close"
    assert served.peak_memory() - before < 45_000_000  # thrice the limit, of ten times as much


def test_a_small_file_that_unpacks_to_a_large_one_is_not_unpacked(served: Served) -> None:
    bomb = png(64, 64, 8, 0, bytes(300_000_000))
    wide = png(30_000, 10_000, 8, 0, bytes(300_010_000))
    before = served.peak_memory()
    for file in (bomb, wide):
        assert len(file) < 400_000
        answer = httpx2.post(f"{served.url}/score", files={"reference": file, "distorted": file})
        assert answer.status_code in (200, 422)
    assert answer.status_code == 422
    assert "30000x10000" in answer.json()["error"]
    assert served.peak_memory() - before < 30_000_000


def test_a_length_that_is_too_large_is_refused_at_once(served: Served) -> None:
    with served.connect() as connection:
        connection.sendall(make_request({"reference": b"x"}, length=10**8))
        assert read_all(connection).startswith(b"HTTP/1.1 413")


def test_a_body_that_does_not_come_is_waited_for_no_longer_than_told(impatient: Served) -> None:
    began = time.monotonic()
    with impatient.connect() as connection:
        connection.sendall(make_request({"reference": b"x"}, length=5000))
        received = b""
        connection.settimeout(0.2)
        while time.monotonic() < began + PATIENCE + 10:
            try:
                connection.sendall(b"x")
                chunk = connection.recv(65536)
                if not chunk:
                    break
                received += chunk
            except TimeoutError:
                continue
            except OSError:
                break
    assert received.startswith(b"HTTP/1.1 408")
    assert PATIENCE - 0.1 < time.monotonic() - began < PATIENCE + 8


@pytest.mark.parametrize("begun", [b"", b"POST /score HTTP/1.1\r\nHost: "])
def test_headers_that_do_not_come_are_waited_for_no_longer_either(impatient: Served, begun: bytes) -> None:
    began = time.monotonic()
    with impatient.connect() as connection:
        connection.sendall(begun)
        assert read_all(connection) == b""
    assert PATIENCE - 0.1 < time.monotonic() - began < PATIENCE + 8


def test_a_second_request_on_a_connection_has_a_deadline_of_its_own(impatient: Served) -> None:
    with contextlib.closing(HTTPConnection("127.0.0.1", impatient.port)) as connection:
        for _ in range(3):
            connection.request("GET", "/health")
            with connection.getresponse() as answer:
                assert answer.read()
            time.sleep(PATIENCE / 2)


@pytest.mark.parametrize("request_", [b"nonsense\r\n\r\n", b"\x16\x03\x01\x02\x00", b"GET /" + b"x" * 10**6])
def test_what_is_no_http_is_refused(served: Served, request_: bytes) -> None:
    with served.connect() as connection:
        with contextlib.suppress(ConnectionError):
            connection.sendall(request_)
        received = read_all(connection)
    assert received == b"" or received.startswith(b"HTTP/1.1 400")


def test_a_client_that_leaves_does_no_harm(served: Served, folders: Folders) -> None:
    sent = make_request({"reference": (folders[0] / "one.png").read_bytes()})
    for share in (0.1, 0.5, 0.99, 1):
        with served.connect() as connection:
            connection.sendall(sent[: int(share * len(sent))])
    time.sleep(0.5)
    assert served.process.poll() is None


def test_signals_end_it_once_it_has_answered(serving: Serving, folders: Folders) -> None:
    files = {"reference": folders[0] / "one.png", "distorted": folders[1] / "one.bmp"}
    sent = make_request({name: path.read_bytes() for name, path in files.items()})
    for number in (signal.SIGTERM, signal.SIGINT):
        with serving() as served:
            with served.connect() as connection:
                connection.sendall(sent[:-1000])
                time.sleep(0.5)
                served.process.send_signal(number)
                time.sleep(0.5)
                with pytest.raises(ConnectionRefusedError):
                    served.connect()
                connection.sendall(sent[-1000:])
                assert read_all(connection).startswith(b"HTTP/1.1 200")
            assert served.process.wait(20) == 0
            assert "Traceback" not in served.process.errors.read_text()


def test_a_start_that_cannot_be_is_bad_usage(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run("serve", "-m", "psnr", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 2
    assert "--port" in done.stderr
    done = run("serve")
    assert done.returncode == 2
    assert "no metric is named" in done.stderr
