"""The form of a request, read as it comes and no further than the limits."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from multipart import (
    MultipartError,
    MultipartSegment,
    ParserLimitReached,
    PushMultipartParser,
    parse_options_header,
)

from beholder.serving.refusals import RefusedError

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Callable

__all__ = ["FIELDS", "FILES", "Form", "check_length", "read_form"]

FILES = ("reference", "distorted")
FIELDS = (*FILES, *(f"{name}_url" for name in FILES), "metrics")

_MAX_TEXT = 8192  # bytes of a field that is no file
_MAX_FRAME = 65536  # bytes of a form beside its fields: boundaries, headers


@dataclasses.dataclass
class Form:
    """The fields of a request.

    Attributes:
        files: Pictures' files, by side: ``"reference"``, ``"distorted"``.
        urls: Pictures' addresses, by side; a side is here or in ``files``.
        metrics: The metrics asked for, as they were written; ``None`` for all.
    """

    files: dict[str, bytes]
    urls: dict[str, str]
    metrics: str | None


def check_length(declared: str | None, max_bytes: int) -> None:
    """Refuse a body that says it is too large, before any of it is read.

    Args:
        declared: The header Content-Length.
        max_bytes: Largest file.

    Raises:
        RefusedError: If it is.
    """
    if declared is not None and declared.isdecimal() and int(declared) > _max_body(max_bytes):
        raise _too_large(f"a request of {declared} bytes", max_bytes)


async def read_form(
    chunks: AsyncIterable[bytes], content_type: str, max_bytes: int, grow: Callable[[int], None]
) -> Form:
    """Read a form.

    Args:
        chunks: The request's body.
        content_type: The header Content-Type.
        max_bytes: Largest file.
        grow: Told of the bytes as they come.

    Raises:
        RefusedError: If it is no form, too large, or has not the fields that it should.
    """
    kind, options = parse_options_header(content_type)
    if kind != "multipart/form-data":
        raise RefusedError(
            415, f"found a body of type {content_type[:100]!r}; expected multipart/form-data with a boundary."
        )
    fields: dict[str, bytearray] = {}
    received = 0
    try:
        # Not strict: that refuses the line's end behind a form where it comes by itself.
        with PushMultipartParser(options.get("boundary", ""), max_segment_count=len(FIELDS)) as parser:
            name = ""
            async for chunk in chunks:
                received += len(chunk)
                if received > _max_body(max_bytes):
                    raise _too_large(f"a request of more than {_max_body(max_bytes)} bytes", max_bytes)
                for event in parser.parse(chunk) if chunk else ():
                    if isinstance(event, MultipartSegment):
                        name = _begin(fields, event.name)
                    elif event:
                        _extend(fields, name, event, max_bytes)
                        grow(len(event))
    except ParserLimitReached as error:
        raise RefusedError(
            400, f"the form has too many fields, or one with too long a header ({error})."
        ) from error
    except MultipartError as error:
        raise RefusedError(400, f"the form is damaged ({error}); expected multipart/form-data.") from error
    return _sort(fields)


def _begin(fields: dict[str, bytearray], name: str) -> str:
    if name not in FIELDS:
        raise RefusedError(400, f"there is no field {name[:100]!r}; expected {', '.join(FIELDS)}.")
    if name in fields:
        raise RefusedError(400, f"the field {name!r} is there twice; send it once.")
    fields[name] = bytearray()
    return name


def _extend(fields: dict[str, bytearray], name: str, more: bytes | bytearray, max_bytes: int) -> None:
    size = len(fields[name]) + len(more)
    if name in FILES and size > max_bytes:
        raise _too_large(f"a {name} picture of more than {max_bytes} bytes", max_bytes)
    if name not in FILES and size > _MAX_TEXT:
        raise RefusedError(413, f"the field {name!r} has more than {_MAX_TEXT} bytes; expected a short text.")
    fields[name] += more


def _sort(fields: dict[str, bytearray]) -> Form:
    for name in FILES:
        if (name in fields) == (f"{name}_url" in fields):
            found = "both" if name in fields else "neither"
            raise RefusedError(400, f"found {found} of {name} and {name}_url; expected one of them.")
    texts = {name: _decode(name, bytes(fields[name])) for name in fields if name not in FILES}
    return Form(
        files={name: bytes(fields[name]) for name in FILES if name in fields},
        urls={name: texts[f"{name}_url"] for name in FILES if f"{name}_url" in texts},
        metrics=texts.get("metrics"),
    )


def _decode(name: str, data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RefusedError(400, f"the field {name!r} is not UTF-8; expected a text.") from error


def _max_body(max_bytes: int) -> int:
    return len(FILES) * max_bytes + _MAX_FRAME


def _too_large(found: str, max_bytes: int) -> RefusedError:
    return RefusedError(
        413,
        f"found {found}; expected pictures of at most {max_bytes} bytes; the server's --max-megabytes "
        "raises the limit.",
    )
