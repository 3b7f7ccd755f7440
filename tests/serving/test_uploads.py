"""Forms, however they are cut, and however they are broken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from beholder.serving.refusals import RefusedError
from beholder.serving.uploads import Form, check_length, read_form

TYPE = "multipart/form-data; boundary=cut"
FIELDS = {"reference": b"\r\n--cu\r\n\0first", "distorted_url": b"http://a/b", "metrics": b"psnr"}


def make_form(fields: dict[str, bytes]) -> bytes:
    parts = [
        b'--cut\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name.encode(), value)
        for name, value in fields.items()
    ]
    return b"".join(parts) + b"--cut--\r\n"


def read(body: bytes, step: int = 65536, limit: int = 1000, content_type: str = TYPE) -> Form:
    return read_counting(body, step, limit, content_type)[0]


def read_counting(body: bytes, step: int, limit: int, content_type: str = TYPE) -> tuple[Form, int]:
    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(body), step):
            yield body[start : start + step]
        yield b""  # how a request ends

    grown: list[int] = []
    return asyncio.run(read_form(chunks(), content_type, limit, grown.append)), sum(grown)


@pytest.mark.parametrize("step", [1, 2, 7, 1000])
def test_a_form_reads_the_same_however_it_comes(step: int) -> None:
    form, grown = read_counting(make_form(FIELDS), step, 1000)
    assert form == Form({"reference": FIELDS["reference"]}, {"distorted": "http://a/b"}, "psnr")
    assert grown == sum(map(len, FIELDS.values()))


def test_a_form_that_breaks_off_is_refused_wherever_it_does() -> None:
    body = make_form(FIELDS)
    for end in range(len(body) - len("--\r\n")):
        with pytest.raises(RefusedError) as told:
            read(body[:end])
        assert told.value.status == 400


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("", 415),
        ("application/json", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/mixed; boundary=cut", 415),
        ("multipart/form-data", 400),
        ("multipart/form-data; boundary=" + "x" * 3000, 400),
    ],
)
def test_what_is_no_form_is_refused(content_type: str, status: int) -> None:
    with pytest.raises(RefusedError) as told:
        read(make_form(FIELDS), content_type=content_type)
    assert told.value.status == status


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nonsense",
        make_form({"reference": b"a"})[:-9] + make_form({"reference": b"b", "distorted": b"c"}),
        b'--cut\r\nContent-Disposition: form-data; name="reference"\r\n' + b"X: " + b"y" * 9000 + b"\r\n\r\n",
        b"--cut\r\nContent-Disposition: form-data\r\n\r\nx\r\n--cut--\r\n",
        b"--cut\r\n" + b"\xff" * 40 + b"\r\n\r\nx\r\n--cut--\r\n",
    ],
)
def test_damaged_forms_are_refused(body: bytes) -> None:
    with pytest.raises(RefusedError) as told:
        read(body)
    assert told.value.status == 400


def test_a_picture_is_read_no_further_than_the_limit() -> None:
    fields = {"reference": bytes(1000), "distorted": bytes(1000)}
    assert read(make_form(fields), limit=1000).files == fields
    taken = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal taken
        yield make_form({"reference": b""})[:-11]
        while True:
            taken += 100
            yield bytes(100)

    with pytest.raises(RefusedError) as told:
        asyncio.run(read_form(chunks(), TYPE, 1000, lambda _: None))
    assert told.value.status == 413
    assert taken <= 1200


def test_what_stands_before_the_form_is_limited_too() -> None:
    with pytest.raises(RefusedError) as told:
        read(bytes(10**6), limit=1000)
    assert told.value.status in (400, 413)


def test_texts_are_short() -> None:
    with pytest.raises(RefusedError) as told:
        read(make_form({"metrics": b"x" * 9000}), limit=10**6)
    assert told.value.status == 413


def test_a_declared_length_is_checked_first() -> None:
    check_length("2000", 1000)
    check_length(None, 1000)
    with pytest.raises(RefusedError) as told:
        check_length("100000", 1000)
    assert told.value.status == 413
