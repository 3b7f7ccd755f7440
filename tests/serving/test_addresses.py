"""Which hosts may be asked, and at which addresses."""

from __future__ import annotations

import httpx2
import pytest

from beholder.serving.addresses import AllowedHosts, is_public
from beholder.spec import UsageError

PRIVATE = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "224.0.0.1",
    "239.1.1.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fe80::1%lo",
    "fd00::1",
    "ff0e::1",
    "::ffff:127.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_addresses_that_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    ("url", "allowed", "anywhere"),
    [
        ("http://example.org/a", True, False),
        ("https://EXAMPLE.org./a", True, False),
        ("HTTP://example.org:80/a", True, False),
        ("https://example.org:443/a", True, False),
        ("http://example.org:443/a", False, False),
        ("http://example.org:22/a", False, False),
        ("http://www.example.org/a", False, False),
        ("http://example.org.evil.net/a", False, False),
        ("http://evilexample.org/a", False, False),
        ("http://localhost:9000/a", True, True),
        ("http://localhost/a", False, False),
        ("http://[::1]:9001/a", True, True),
        ("http://[::1]/a", False, False),
        ("http://plain:80/a", True, True),
        ("http://plain/a", True, True),
        ("https://xn--bcher-kva.example/a", True, False),
    ],
)
def test_hosts_are_allowed_by_their_whole_name_and_port(url: str, allowed: bool, anywhere: bool) -> None:
    hosts = AllowedHosts.parse(["example.org", "localhost:9000", "[::1]:9001", "plain:80", "bücher.example"])
    assert hosts.allow(httpx2.URL(url)) is allowed
    assert hosts.anywhere(httpx2.URL(url)) is anywhere


@pytest.mark.parametrize(
    "entry",
    [
        "",
        "*",
        "*.example.org",
        "http://example.org",
        "a/b",
        "user@host",
        "host:99999",
        "host:x",
        "a b",
        "[::1",
    ],
)
def test_what_is_no_host_cannot_be_allowed(entry: str) -> None:
    with pytest.raises(UsageError, match="no host that can be allowed"):
        AllowedHosts.parse([entry])
