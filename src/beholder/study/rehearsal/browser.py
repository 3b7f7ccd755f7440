"""A simulated observer's browser: one connection, a cookie, the page's token, patience."""

from __future__ import annotations

import http.client
import json
import re
import time
from typing import TYPE_CHECKING, Any

from beholder.spec import BeholderError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Browser", "LostError", "TurnedAwayError"]

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0
_TIMEOUT = 60
_CSRF = re.compile(r'<meta name="csrf" content="([^"]*)">')


class TurnedAwayError(BeholderError):
    """The server refused something for good.

    Args:
        status: HTTP's number for it.
        text: In the server's words.
    """

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class LostError(BeholderError):
    """There was no answer for longer than the browser is patient."""


class Browser:
    """What an observer's browser does that the server can tell: cookie, token, the same again where nothing came.

    As in ``static/server.js``, a lost connection and the answers 429 and from 500 on pass, and the request is made again;
    any other refusal is for good.

    Args:
        host: Where the server is.
        port: Where it listens.
        patience: Seconds for which the same is tried again.
        address: From where a proxy would say that the browser comes.
        watch: Called with the way's first part (``"api/trial"``, ``"pictures"``) and the seconds of each request that was answered.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        patience: float = 60.0,
        address: str | None = None,
        watch: Callable[[str, float], object] = lambda _way, _seconds: None,
    ) -> None:
        self._connection = http.client.HTTPConnection(host, port, timeout=_TIMEOUT)
        self._patience, self._watch = patience, watch
        self._headers = {} if address is None else {"X-Forwarded-For": address, "X-Forwarded-Proto": "https"}
        self._cookies: dict[str, str] = {}
        self.csrf = ""
        self.again = 0

    def page(self) -> str:
        """The page of the step where the observer is; its token goes with what is posted from then on."""
        text = self._ask("GET", "/").decode()
        found = _CSRF.search(text)
        self.csrf = found[1] if found else ""
        return text

    def get(self, way: str) -> Any:
        """What the server tells."""
        return json.loads(self._ask("GET", f"/{way}"))

    def fetch(self, way: str) -> bytes:
        """A picture's file."""
        return self._ask("GET", f"/{way}")

    def post(self, way: str, body: Mapping[str, Any] | None = None) -> Any:
        """Send something, and what the server says."""
        return json.loads(self._ask("POST", f"/{way}", json.dumps(body or {}).encode()))

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _ask(self, method: str, way: str, body: bytes | None = None) -> bytes:
        """The body of an answer that is a success.

        Raises:
            TurnedAwayError: If it was refused for good.
            LostError: If nothing came, or what passes did not pass, for longer than the browser is patient.
        """
        until, pause = time.monotonic() + self._patience, _FIRST_PAUSE
        while True:
            started = time.perf_counter()
            try:
                status, content = self._ask_once(method, way, body)
            except (OSError, http.client.HTTPException) as error:
                self._connection.close()
                trouble = f"no answer: {error or type(error).__name__}"
            else:
                self._watch("/".join(way.split("/")[1:3]), time.perf_counter() - started)
                if status < 300:
                    return content
                trouble = f"{status}: {_told(content)}"
                if status != 429 and status < 500:
                    raise TurnedAwayError(status, f"{method} {way}: {trouble}")
            if time.monotonic() + pause > until:
                raise LostError(f"{method} {way}: {trouble}, for {self._patience:g} s")
            self.again += 1
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _ask_once(self, method: str, way: str, body: bytes | None) -> tuple[int, bytes]:
        headers = dict(self._headers)
        if self._cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        if body is not None:
            headers |= {"Content-Type": "application/json", "X-CSRF-Token": self.csrf}
            headers["Sec-Fetch-Site"] = "same-origin"
        self._connection.request(method, way, body, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        for cookie in answer.headers.get_all("Set-Cookie", []):
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name.strip()] = value.strip()
        return answer.status, content


def _told(content: bytes) -> str:
    try:
        return str(json.loads(content)["error"])
    except (ValueError, KeyError, TypeError):
        return content[:100].decode(errors="replace")
