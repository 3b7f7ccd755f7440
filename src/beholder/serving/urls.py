"""Pictures by their address on the web, from allowed hosts only."""

from __future__ import annotations

import asyncio
import socket
from importlib.metadata import version
from typing import TYPE_CHECKING, Self

import httpx2

from beholder.serving.addresses import AllowedHosts, is_public
from beholder.serving.refusals import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Fetcher"]


class Fetcher:
    """Fetches pictures.

    A host is resolved once, its addresses are checked, and the connection goes to a checked one: a name that
    resolves to another address a moment later gains nothing. Redirects are not followed.

    Args:
        allowed: Hosts that may be asked.
        max_bytes: Largest file.
    """

    def __init__(self, allowed: AllowedHosts, max_bytes: int) -> None:
        self._allowed = allowed
        self._max_bytes = max_bytes
        self._client = httpx2.AsyncClient(
            # No proxy and no password file of the environment.
            trust_env=False,
            follow_redirects=False,
            # The request's own deadline holds.
            timeout=None,
            # Connections are by address: one kept would serve another host without a look at its certificate.
            limits=httpx2.Limits(max_connections=64, max_keepalive_connections=0),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def fetch(self, text: str, grow: Callable[[int], None]) -> bytes:
        """Fetch a file.

        Args:
            text: Its address.
            grow: Told of the bytes as they come.

        Raises:
            RefusedError: If it may not be fetched, cannot be, or is too large.
        """
        url = self._check(text)
        last: httpx2.HTTPError | None = None
        for address in await self._resolve(url):
            try:
                return await self._read(url, address, grow)
            except httpx2.ConnectError as error:
                last = error
            except (httpx2.HTTPError, httpx2.InvalidURL) as error:
                raise RefusedError(
                    422, f"{_shown(url)}: cannot be fetched ({_why(error)}); try again."
                ) from error
        raise RefusedError(422, f"{_shown(url)}: cannot be fetched ({_why(last)}); check the address.")

    def _check(self, text: str) -> httpx2.URL:
        try:
            url = httpx2.URL(text)
        except (httpx2.InvalidURL, ValueError) as error:
            raise RefusedError(
                400, f"{text[:200]!r} is no web address; expected https://HOST/PATH."
            ) from error
        if url.scheme not in ("http", "https"):
            raise RefusedError(
                403, f"{_shown(url)}: found the scheme {url.scheme!r}; expected http or https."
            )
        if not url.host or url.userinfo:
            raise RefusedError(400, f"{_shown(url)}: expected a host, without user and password before it.")
        if not self._allowed.allow(url):
            raise RefusedError(
                403,
                f"{_shown(url)}: this server may not fetch from {url.netloc.decode('ascii')!r}; send the picture "
                "itself, or have the server started with --allow-host.",
            )
        return url

    async def _resolve(self, url: httpx2.URL) -> list[str]:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(
                url.raw_host.decode("ascii"), None, type=socket.SOCK_STREAM
            )
        except (OSError, ValueError) as error:
            raise RefusedError(422, f"{_shown(url)}: the host is not found; check the address.") from error
        addresses = list(dict.fromkeys(str(place[4][0]) for place in found))
        if not self._allowed.anywhere(url) and not all(map(is_public, addresses)):
            raise RefusedError(
                403,
                f"{_shown(url)}: the host has an address that is not public; it is asked only if the "
                "server was started with --allow-host HOST:PORT.",
            )
        return addresses

    async def _read(self, url: httpx2.URL, address: str, grow: Callable[[int], None]) -> bytes:
        request = self._client.build_request(
            "GET",
            url.copy_with(host=address),
            headers={
                "Host": url.netloc.decode("ascii"),
                # What is packed could unpack to any size.
                "Accept-Encoding": "identity",
                "User-Agent": f"beholder/{version('beholder')}",
            },
            # The certificate is asked for, and checked, by the host's name.
            extensions={"sni_hostname": url.raw_host.decode("ascii")},
        )
        response = await self._client.send(request, stream=True)
        try:
            if response.status_code != 200:
                kind = "a redirect, which is not followed" if response.is_redirect else "no picture"
                raise RefusedError(
                    422,
                    f"{_shown(url)}: found status {response.status_code}, {kind}; give the picture's "
                    "own address.",
                )
            return await self._collect(url, response, grow)
        finally:
            await response.aclose()

    async def _collect(
        self, url: httpx2.URL, response: httpx2.Response, grow: Callable[[int], None]
    ) -> bytes:
        data = bytearray()
        async for chunk in response.aiter_raw():
            if len(data) + len(chunk) > self._max_bytes:
                raise RefusedError(
                    413,
                    f"{_shown(url)}: found more than {self._max_bytes} bytes; expected a smaller file; "
                    "the server's --max-megabytes raises the limit.",
                )
            grow(len(chunk))
            data += chunk
        return bytes(data)


def _shown(url: httpx2.URL) -> str:
    text = str(url.copy_with(userinfo=b"", query=None, fragment=None))
    return text if len(text) <= 200 else text[:200] + "..."


def _why(error: Exception | None) -> str:
    return " ".join(str(error).split()) or type(error).__name__
