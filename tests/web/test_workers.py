"""Several processes at one port: one that dies is replaced, and none outlives the first."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("uvicorn", reason="servers need the extra 'serve' or 'study'")

PROGRAM = """
import os
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from beholder.web import open_port, serve_many

def make():
    return Starlette(routes=[Route("/", lambda request: PlainTextResponse(f"{os.getpid()} {request.client.host}"))])

if __name__ == "__main__":
    with open_port("127.0.0.1", 0) as listener:
        print(listener.getsockname()[1], flush=True)
        serve_many(make, listener, 10, 2, behind_proxy=True)
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    (tmp_path / "program.py").write_text(PROGRAM)
    command = [sys.executable, str(tmp_path / "program.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stdout
        try:
            yield process, int(process.stdout.readline())
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def ask(port: int) -> list[str]:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/", headers={"X-Forwarded-For": "203.0.113.9"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return answer.read().decode().split()


def wait_for(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_there(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_one_that_dies_is_replaced(server: tuple[subprocess.Popen[str], int]) -> None:
    process, port = server
    first, client = ask(port)
    assert client == "203.0.113.9"  # as the proxy on this machine tells
    assert int(first) != process.pid
    os.kill(int(first), signal.SIGKILL)
    seen: set[str] = set()
    wait_for(lambda: seen.add(ask(port)[0]) or len(seen - {first}) == 2)
    assert first not in seen
    process.terminate()
    assert process.wait(20) == 0
    wait_for(lambda: not any(is_there(int(each)) for each in seen))


def test_none_outlives_the_first(server: tuple[subprocess.Popen[str], int]) -> None:
    process, port = server
    worker = int(ask(port)[0])
    process.kill()
    process.wait()
    wait_for(lambda: not is_there(worker))
