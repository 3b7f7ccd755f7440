"""Several processes that listen at one port."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from typing import TYPE_CHECKING

from beholder.web.server import serve

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from fastapi import FastAPI

__all__ = ["serve_many"]

_PAUSE = 1.0  # seconds before a process that ended is started again


def serve_many(
    make: Callable[[], FastAPI],
    listener: socket.socket,
    timeout: float,
    processes: int,
    *,
    behind_proxy: bool = False,
) -> None:
    """Answer requests in several processes until SIGINT or SIGTERM; then answer those in hand, and return.

    A process that ends is started again. Where this one is killed, they end by themselves.

    Args:
        make: Makes what answers, in each process; it is sent there, so it is a function of a module, or a partial of one.
        listener: From `open_port`.
        timeout: Seconds that a request may take.
        processes: How many.
        behind_proxy: As in `serve`.
    """
    spawn = multiprocessing.get_context("spawn")
    stopped, stop = spawn.Pipe(duplex=False)

    def start() -> multiprocessing.process.BaseProcess:
        process = spawn.Process(
            target=_work, args=(make, listener, timeout), kwargs={"behind_proxy": behind_proxy}
        )
        process.start()
        return process

    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: stop.send(None))
    running = [start() for _ in range(processes)]
    while not stopped.poll():
        multiprocessing.connection.wait([stopped, *(process.sentinel for process in running)])
        if not stopped.poll(_PAUSE):
            running = [process if process.is_alive() else start() for process in running]
    listener.close()
    for process in running:
        process.terminate()
    for process in running:
        process.join()


def _work(
    make: Callable[[], FastAPI], listener: socket.socket, timeout: float, *, behind_proxy: bool
) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    serve(make(), listener, timeout, behind_proxy=behind_proxy)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
