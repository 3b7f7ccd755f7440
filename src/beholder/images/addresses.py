"""Files in object storage, by address: ``s3://bucket/picture.png``, and whatever else fsspec opens."""

from __future__ import annotations

import contextlib
import errno
import posixpath
import re
import shutil
import tempfile
import weakref
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, TypeAlias, overload

from beholder.spec import AddressError, BeholderError, MissingPackageError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

__all__ = [
    "Address",
    "File",
    "LocalFile",
    "as_file",
    "is_folder",
    "list_files",
    "locate",
    "read_pieces",
    "store_of",
]

# At least two letters: "C:" begins a path of Windows.
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
# Most pictures are smaller and come whole in one request; of what is larger, and no picture, no more is read.
_PIECE = 8 << 20
# s3fs would ask 5 times, each 5 times over, and its client 5 times for each: half an hour where a store hangs. Twice is
# for an answer that breaks off, which the client does not see.
_TRIES = 2
_LONGEST_REASON = 200
_CLOSED = dict.fromkeys(
    ("http", "https"), "an address on the web; expected a file, or one in object storage; download it first"
)
_CLOSED |= dict.fromkeys(
    ("file", "local"),
    "the address of a file on this machine; expected its path; leave out what stands before it",
)


class Address(str):
    """Where a file, or a folder, lies in an object store.

    It has of a path what pairs and tables ask for, and is text as it was given: a path would make one slash of two.
    """

    __slots__ = ()

    @property
    def protocol(self) -> str:
        """What stands before ``://``."""
        return self.partition("://")[0]

    @property
    def name(self) -> str:
        """Its last part."""
        return self.rstrip("/").rpartition("/")[2]

    @property
    def suffix(self) -> str:
        """The ending of its name, with the dot."""
        return PurePosixPath(self.name).suffix

    @property
    def parent(self) -> Address:
        """The folder that it lies in."""
        return Address(self.rstrip("/").rpartition("/")[0])


File: TypeAlias = Path | Address
"""A file on this machine, or in an object store."""


@overload
def as_file(given: None) -> None: ...
@overload
def as_file(given: str | os.PathLike[str]) -> File: ...
def as_file(given: str | os.PathLike[str] | None) -> File | None:
    """What a user names: an address where it begins with a protocol, as in ``s3://``, else a path."""
    if isinstance(given, Address):
        return given
    if isinstance(given, str) and "://" in given and _ADDRESS.match(given):
        return Address(given)
    return None if given is None else Path(given)


def locate(folder: File, name: str) -> File:
    """The file that a list in a folder means; an address and an absolute path stand for themselves."""
    if "://" in name and isinstance(file := as_file(name), Address):
        return file
    if isinstance(folder, Path):
        return folder / name
    if Path(name).is_absolute():
        return Path(name)
    start, _, path = folder.partition("://")
    path = posixpath.join(path, name)
    # A store would take dots for a part of the name; lists mean folders.
    return Address(f"{start}://{posixpath.normpath(path) if {'.', '..'} & set(name.split('/')) else path}")


def read_pieces(address: Address) -> Iterator[bytes]:
    """What an address holds: its first eight megabytes, or all where it has fewer, and then the rest.

    Raises:
        AddressError: If it cannot be had.
        MissingPackageError: If no package is installed that opens it.
    """
    with store_of(address) as (store, path):
        try:
            piece: bytes = store.cat_file(path, start=0, end=_PIECE)
        except OSError as error:
            # Of nothing S3 has no first bytes.
            if error.errno != errno.EINVAL or store.size(path):
                raise
            piece = b""
    yield piece
    if len(piece) == _PIECE:
        with store_of(address) as (store, path):
            # From a byte that is there for certain.
            yield store.cat_file(path, start=_PIECE - 1)[1:]


def is_folder(address: Address) -> bool:
    """Whether an address is a folder: it ends in a slash, or others begin with it.

    Raises:
        AddressError: If there is nothing, or it cannot be looked at.
        MissingPackageError: If no package is installed that opens it.
    """
    if address.endswith("/"):
        return True
    with store_of(address) as (store, path):
        return bool(store.info(path)["type"] == "directory")


def list_files(folder: Address) -> list[tuple[PurePosixPath, Address]]:
    """All files below a folder, each by its path from there; a store tells a thousand at a request.

    Raises:
        AddressError: If it cannot be listed.
        MissingPackageError: If no package is installed that opens it.
    """
    with store_of(folder) as (store, path):
        store.invalidate_cache()  # what lay there when it was last listed
        names: list[str] = store.find(path)
        store.invalidate_cache()  # which takes ten times the memory of the names
    below = [name[len(path) :].lstrip("/") for name in names]
    start = folder.rstrip("/")
    # Some tools leave empty objects in place of folders.
    return [(PurePosixPath(name), Address(f"{start}/{name}")) for name in below if name and name[-1] != "/"]


class LocalFile:
    """A file on this machine: the one that is given, or a copy of it, which goes when this is no longer held.

    Args:
        file: The file.
        endings: Files beside it that belong to it: what their names have behind its own.

    Attributes:
        path: Where it is; the others stand beside it.

    Raises:
        AddressError: If it cannot be had, or the disk does not take it.
        MissingPackageError: If no package is installed that opens its address.
    """

    def __init__(self, file: File, *endings: str) -> None:
        if isinstance(file, Path):
            self.path = file
            return
        folder = tempfile.mkdtemp(prefix="beholder-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self.path = Path(folder, f"copy{file.suffix}")
        for ending in ("", *endings):
            with store_of(Address(file + ending)) as (store, path):
                store.get_file(path, f"{self.path}{ending}")


@contextlib.contextmanager
def store_of(address: Address) -> Iterator[tuple[Any, str]]:
    """The store that holds an address, as fsspec's file system, and its name there; errors become ours.

    Raises:
        AddressError: If the store is none that is opened, cannot be reached, or does not do what it is told.
        MissingPackageError: If no package is installed that opens it.
    """
    import fsspec

    protocol = address.protocol
    told = address if address.isprintable() else ascii(address)
    try:
        if protocol in _CLOSED:
            raise AddressError(f"{told}: found {_CLOSED[protocol]}")
        if protocol not in fsspec.available_protocols():
            raise AddressError(
                f"{told}: found the protocol {protocol!r}, which fsspec does not know; expected one such as s3://"
            )
        kind = fsspec.get_filesystem_class(protocol)
        store = kind(**kind._get_kwargs_from_urls(address))
        if hasattr(store, "retries"):
            store.retries = min(store.retries, _TRIES)
        yield store, kind._strip_protocol(address)
    except ImportError as error:
        remedy = "pip install 'beholder[storage]'" if protocol in ("s3", "s3a") else _flat(error)
        raise MissingPackageError(
            f"{told}: found no package that opens {protocol}://; expected one; {remedy}"
        ) from error
    except (BeholderError, MemoryError):
        raise
    except Exception as error:  # every store's client has errors of its own
        raise AddressError(f"{told}: {_tell(error)}") from error


def _tell(error: Exception) -> str:
    """What a store's client found, and what to do, in one line."""
    kind = type(error).__name__
    match error:
        case FileNotFoundError():
            return f"found nothing of that name ({_flat(error)}); expected a file; check the name"
        case PermissionError():
            return (
                f"found no permission ({_flat(error)}); expected access; ask for it, or use other credentials"
            )
        case _ if "Credentials" in kind:
            return (
                f"found no credentials ({_flat(error)}); expected those of the store; set them as its client takes "
                "them, for S3 AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
            )
        case TimeoutError() | ConnectionError():
            pass
        case _ if not re.search("Connect|Timeout|Closed", kind):
            return f"found an error of the store ({_flat(error)}); expected the file; check the address"
    return f"found no answer ({_flat(error)}); expected the store; check the network, and for S3 AWS_ENDPOINT_URL"


def _flat(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= _LONGEST_REASON else f"{text[:_LONGEST_REASON]}..."
