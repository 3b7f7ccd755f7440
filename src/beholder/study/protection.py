"""What guards every answer and every request: headers, sizes, origins."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from beholder.study.settings import ServerSettings

__all__ = ["Protection"]

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; font-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
_CHANGING = ("POST", "PUT", "PATCH", "DELETE")
_LONG = 20  # digits of a length


class Protection:
    """Adds headers to every answer, and refuses bodies that are too large or too slow, and requests that other sites make.

    Args:
        app: What answers.
        settings: How large, and how slow.
    """

    def __init__(self, app: ASGIApp, settings: ServerSettings) -> None:
        self._app, self._most = app, settings.max_bytes
        self._https, self._patience = settings.https, settings.body_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._add_headers(MutableHeaders(scope=message))
            await send(message)

        refusal = self._refuse(scope, headers)
        if refusal is not None:
            await refusal(scope, receive, answer)
            return
        if scope["method"] not in _CHANGING:
            await self._app(scope, receive, answer)
            return
        try:
            async with asyncio.timeout(self._patience):
                body = await self._read(receive)
        except TimeoutError:
            late = _problem(408, f"the body did not come within {self._patience:g} seconds.")
            await late(scope, receive, answer)
            return
        if body is None:
            await _problem(413, f"the body has more than {self._most} bytes.")(scope, receive, answer)
            return
        whole: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def read() -> Message:
            return whole.pop() if whole else await receive()

        await self._app(scope, read, answer)

    def _add_headers(self, found: MutableHeaders) -> None:
        for name, value in _HEADERS.items():
            found[name] = value
        if self._https:
            found["Strict-Transport-Security"] = "max-age=31536000"
        if "cache-control" not in found:
            found["Cache-Control"] = "no-store"

    async def _read(self, receive: Receive) -> bytes | None:
        """A body; ``None`` if it is too large. Of one that was broken off, what came, which is no JSON."""
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > self._most:
                return None
        return body

    def _refuse(self, scope: Scope, headers: Headers) -> JSONResponse | None:
        if scope["method"] not in _CHANGING:
            return None
        length = headers.get("content-length", "0")
        # Not all digits are ASCII's, and of thousands Python makes no number.
        if not (length.isascii() and length.isdigit() and len(length) < _LONG) or int(length) > self._most:
            return _problem(413, f"the body has {length[:20]} bytes; expected at most {self._most}.")
        # Browsers tell where a request comes from; a form on another site cannot leave that out.
        site = headers.get("sec-fetch-site", "same-origin")
        origin = headers.get("origin")
        own = origin is None or origin.partition("://")[2] == headers.get("host")
        if site not in ("same-origin", "none") or not own:
            return _problem(403, "the request comes from another site.")
        if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            return _problem(415, "expected a body of application/json.")
        return None


def _problem(status: int, text: str) -> JSONResponse:
    return JSONResponse({"error": text}, status, {"Connection": "close"} if status in (408, 413) else None)
