"""Answers that come before the request is read: refusals of what is too large, or too slow.

A connection that is closed while its client still sends is reset, and many clients then never see the answer. So the
answer goes out, what comes is thrown away for a moment, and then the connection is closed.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Lingering"]

_SECONDS = 2.0


class Lingering:
    """Closes the connection of a request that was not read to its end, once its client had a moment to stop.

    Args:
        app: What answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        more = "transfer-encoding" in headers or headers.get("content-length", "0") != "0"

        async def read() -> Message:
            nonlocal more
            message = await receive()
            more = message["type"] == "http.request" and message.get("more_body", False)
            return message

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start" and more:
                MutableHeaders(scope=message)["Connection"] = "close"
            if message["type"] == "http.response.body" and not message.get("more_body", False) and more:
                await send({**message, "more_body": True})
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_SECONDS):
                        while more:
                            await read()
                message = {"type": "http.response.body", "body": b""}
            await send(message)

        await self._app(scope, read, answer)
