"""Ports that can be had, and ports that cannot."""

from __future__ import annotations

import socket

import pytest

from beholder.spec import UsageError
from beholder.web import open_port


def test_a_free_port() -> None:
    with open_port("127.0.0.1", 0) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"
        assert listener.getsockname()[1] > 0


def test_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(UsageError, match="--port"):
        open_port("127.0.0.1", taken.getsockname()[1])


@pytest.mark.parametrize("host", ["host.invalid", "8.8.8.8"])
def test_what_is_no_address_of_this_machine(host: str) -> None:
    with pytest.raises(UsageError, match=f"{host} port 0 cannot be listened at"):
        open_port(host, 0)


@pytest.mark.parametrize("port", [-1, 65536])
def test_what_is_no_port(port: int) -> None:
    with pytest.raises(UsageError, match="expected 0 to 65535"):
        open_port("127.0.0.1", port)


def test_answers_are_not_held_back() -> None:
    with open_port("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
