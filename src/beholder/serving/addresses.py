"""Which hosts pictures may be fetched from, and at which addresses."""

from __future__ import annotations

import dataclasses
import ipaddress
from typing import TYPE_CHECKING

import httpx2

from beholder.spec import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["AllowedHosts", "is_public"]

_PORTS = {"http": 80, "https": 443}
_LAST_PORT = 65535
# NAT64, and the first way of writing IPv4 addresses as IPv6.
_WRAPPED = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("::/96"))

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclasses.dataclass(frozen=True)
class AllowedHosts:
    """Hosts that pictures may be fetched from.

    Attributes:
        usual: Names that may be asked at the usual port of http or https, and at public addresses only.
        exact: Names with a port, which may be asked at any address, private ones and this machine among them.
    """

    usual: frozenset[str]
    exact: frozenset[tuple[str, int]]

    @classmethod
    def parse(cls, entries: Iterable[str]) -> AllowedHosts:
        """Read ``"HOST"`` and ``"HOST:PORT"``; a host is a name or an address, one of IPv6 in brackets.

        Raises:
            UsageError: If an entry is neither.
        """
        usual, exact = set(), set()
        for entry in entries:
            host, port = _parse(entry)
            if port is None:
                usual.add(host)
            else:
                exact.add((host, port))
        return cls(frozenset(usual), frozenset(exact))

    def anywhere(self, url: httpx2.URL) -> bool:
        """Whether a host may be asked at any address."""
        return (plain_host(url), _port(url)) in self.exact

    def allow(self, url: httpx2.URL) -> bool:
        """Whether a host may be asked at all."""
        return self.anywhere(url) or (_port(url) == _PORTS[url.scheme] and plain_host(url) in self.usual)


def _parse(entry: str) -> tuple[str, int | None]:
    try:
        # Not as http, whose own port, 80, would be dropped.
        url = httpx2.URL(f"beholder://{entry}")
    except httpx2.InvalidURL:
        url = httpx2.URL()
    host = plain_host(url)
    more = url.userinfo or url.query or url.fragment or url.path not in ("", "/")
    if not host or more or set("%*") & set(host) or (url.port or 0) > _LAST_PORT:
        raise UsageError(
            f"{entry!r} is no host that can be allowed; expected HOST or HOST:PORT, such as "
            "pictures.example.org or 127.0.0.1:9000."
        )
    return host, url.port


def plain_host(url: httpx2.URL) -> str:
    """The host of an address in the one way that hosts are compared."""
    return url.raw_host.decode("ascii").lower().rstrip(".")


def _port(url: httpx2.URL) -> int:
    return url.port or _PORTS[url.scheme]


def is_public(text: str) -> bool:
    """Whether an address belongs to the public internet, and so does any other that is wrapped in it.

    Args:
        text: As the system resolves a name.
    """
    address = ipaddress.ip_address(text)
    return all(each.is_global and not each.is_multicast for each in _unwrap(address))


def _unwrap(address: Address) -> list[Address]:
    """The address, and the IPv4 addresses that gateways would take it for."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    if address.ipv4_mapped:
        return [address.ipv4_mapped]
    inner: list[Address | None] = [address.sixtofour, *(address.teredo or ())]
    if any(address in network for network in _WRAPPED):
        inner.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return [address, *(each for each in inner if each is not None)]
