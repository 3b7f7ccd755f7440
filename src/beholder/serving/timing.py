"""The time that each answer took, told to its client and to Prometheus."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from beholder.serving.measures import Measures

__all__ = ["Timing"]


class Timing:
    """Adds the header ``Server-Timing`` and counts answers by their status.

    Args:
        app: What answers.
        measures: Where they are counted.
    """

    def __init__(self, app: ASGIApp, measures: Measures) -> None:
        self._app = app
        self._measures = measures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 500  # where the app breaks off before it answers

        async def timed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                taken = 1000 * (time.perf_counter() - began)
                MutableHeaders(scope=message)["Server-Timing"] = f"total;dur={taken:.1f}"
            await send(message)

        try:
            await self._app(scope, receive, timed)
        finally:
            self._measures.count_request(status, time.perf_counter() - began)
