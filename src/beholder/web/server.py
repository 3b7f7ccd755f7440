"""The process that listens."""

from __future__ import annotations

import contextlib
import functools
import signal
import socket
import threading
from typing import TYPE_CHECKING, Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from beholder.spec import UsageError

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterator

    from fastapi import FastAPI

__all__ = ["open_port", "serve", "serving"]

_LAST_PORT = 65535


def open_port(host: str, port: int) -> socket.socket:
    """Take a port.

    Args:
        host: The address to listen at; ``"127.0.0.1"`` for this machine alone.
        port: Its number; 0 for any that is free.

    Raises:
        UsageError: If it cannot be had.
    """
    if not 0 <= port <= _LAST_PORT:
        raise UsageError(f"port is {port}; expected 0 to {_LAST_PORT}.")
    try:
        family, _, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.create_server(place[:2], family=family)
    except OSError as error:
        raise UsageError(
            f"{host} port {port} cannot be listened at: {error.strerror}. Name others with --host and --port."
        ) from error
    # Connections inherit it. Else the end of each answer waits for the client to acknowledge its beginning: 40 ms. Of
    # sockets that were made elsewhere asyncio does not see that they are TCP.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def serve(app: FastAPI, listener: socket.socket, timeout: float, *, behind_proxy: bool = False) -> None:
    """Answer requests until SIGINT or SIGTERM; then answer those in hand, and return.

    Args:
        app: What answers.
        listener: From `open_port`.
        timeout: Seconds that a request may take.
        behind_proxy: Whether requests come by a proxy on this machine, which is believed from where they came to it
            (X-Forwarded-For) and how (X-Forwarded-Proto). Nobody else is.
    """
    # Once it has stopped, uvicorn sends itself the signal again, which would end the command as if it were broken off.
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: None)
    uvicorn.Server(_config(app, timeout, behind_proxy=behind_proxy)).run(sockets=[listener])


@contextlib.contextmanager
def serving(app: FastAPI, listener: socket.socket, timeout: float) -> Iterator[None]:
    """Answer requests in a thread beside; as the context ends, those in hand, and no more.

    Args:
        app: What answers.
        listener: From `open_port`.
        timeout: Seconds that a request may take.
    """
    server = uvicorn.Server(_config(app, timeout, behind_proxy=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


def _config(app: FastAPI, timeout: float, *, behind_proxy: bool) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=functools.partial(_Impatient, patience=timeout),  # type: ignore[arg-type]
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=behind_proxy,
        forwarded_allow_ips=["127.0.0.1", "::1"],
        server_header=False,
        # People look at a picture for longer than the five seconds for which uvicorn keeps a connection.
        timeout_keep_alive=round(timeout),
        timeout_graceful_shutdown=round(timeout) + 5,
    )


class _Impatient(H11Protocol):
    """Closes a connection whose next request does not get past its headers; uvicorn would wait for ever."""

    def __init__(self, *given: Any, patience: float, **named: Any) -> None:
        super().__init__(*given, **named)
        self._patience = patience
        self._alarm: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._calm()

    def _watch(self) -> None:
        if self.conn.their_state is not h11.IDLE:
            self._calm()
        elif self._alarm is None:
            self._alarm = self.loop.call_later(self._patience, self.transport.close)

    def _calm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
