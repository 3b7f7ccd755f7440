"""One file's bytes, and the words in which anything wrong with them is told."""

from __future__ import annotations

import dataclasses
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from beholder.images.addresses import Address, read_pieces
from beholder.images.archives import find_member
from beholder.images.formats import KNOWN_FORMATS, describe, sniff
from beholder.images.held import HeldFile
from beholder.spec import BeholderError, PictureError

if TYPE_CHECKING:
    from beholder.images.addresses import File
    from beholder.images.archives import Member

__all__ = ["Source", "open_source", "read_source", "shown"]

_HEAD = 64  # enough for every signature, and for a look at what a stranger's file begins with


@dataclasses.dataclass(frozen=True)
class Source:
    """A picture file, read into memory, whose first bytes are those of a format we decode.

    Attributes:
        path: Where it came from.
        format: Its format, by its first bytes; see :func:`~beholder.images.formats.sniff`.
        data: The whole file.
        max_pixels: The most pixels that may be decoded.
    """

    path: File
    format: str
    data: bytes
    max_pixels: int

    def check_size(self, width: int, height: int) -> None:
        """Refuse a picture before any memory is spent on its pixels.

        Raises:
            PictureError: If a side is empty, or there are more pixels than ``max_pixels``.
        """
        if width < 1 or height < 1:
            raise self.damaged(f"a size of {width}x{height}")
        if width * height > self.max_pixels:
            raise PictureError(
                f"{shown(self.path)}: found {width}x{height} = {width * height} pixels; expected at most "
                f"{self.max_pixels}; if the file can be trusted, raise the limit with --max-pixels on the "
                "command line or max_pixels= in Python"
            )

    def damaged(self, why: object) -> PictureError:
        """The error for a file that breaks off or contradicts itself."""
        words = " ".join(str(why).split()) or "the decoder gives no reason"
        return PictureError(
            f"{shown(self.path)}: found truncated or damaged {self.format} data ({words}); expected a whole "
            f"{self.format} file; copy, download or export it again, or leave it out"
        )

    def unsupported(self, what: str, expected: str) -> PictureError:
        """The error for a sound file whose kind of pixels has no agreed meaning here."""
        return PictureError(
            f"{shown(self.path)}: found a {self.format} with {what}; expected {expected}; "
            "export it as an 8-bit or 16-bit RGB picture"
        )


def shown(path: File) -> str:
    """A file's name fit for one line of text: one with a newline or undecodable bytes is quoted and escaped."""
    text = str(path)
    return text if text.isprintable() else ascii(text)


def read_source(path: File, max_pixels: int) -> Source:
    """Read a file whole, once its first bytes show that it is a picture.

    Args:
        path: The file: on this machine, also within a tar archive; in an object store; or in memory.
        max_pixels: Kept for :meth:`Source.check_size`.

    Raises:
        PictureError: If the file is missing, empty, not a regular file, not readable, or not a picture.
    """
    if isinstance(path, HeldFile):
        return Source(path, _sniff(path, path.data[:_HEAD]), path.data, max_pixels)
    if isinstance(path, Address):
        return _read_stored(path, max_pixels)
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise _refused(path, "a folder", "give the name of a picture inside it")
        if not stat.S_ISREG(mode):
            # a pipe or a device would be waited for, or read without end
            raise _refused(path, "a pipe or a device", "save it as a file first")
        with path.open("rb") as file:
            head = file.read(_HEAD)
            kind = _sniff(path, head)
            return Source(path, kind, head + file.read(), max_pixels)
    except (FileNotFoundError, NotADirectoryError) as error:
        # Windows finds nothing there, other systems find that an archive is no folder.
        if (member := find_member(path)) is not None:
            return _read_member(path, member, max_pixels)
        found = "a link whose target does not exist" if path.is_symlink() else "no such file"
        raise _refused(path, found, "check the name") from error
    except PermissionError as error:
        raise _refused(path, "a file that you may not read", "change its permissions") from error
    except (OSError, ValueError) as error:
        # ValueError: a name that no file can have, such as one with a null character
        raise _refused(
            path, f"a file that cannot be read ({error})", "check the name and the disk"
        ) from error


def _read_stored(address: Address, max_pixels: int) -> Source:
    try:
        pieces = read_pieces(address)
        first = next(pieces)
        kind = _sniff(address, first[:_HEAD])
        return Source(address, kind, b"".join((first, *pieces)), max_pixels)
    except PictureError:
        raise
    except BeholderError as error:
        raise PictureError(str(error)) from error


def _read_member(path: Path, member: Member, max_pixels: int) -> Source:
    try:
        with member.archive.open("rb") as file:
            file.seek(member.offset)
            head = file.read(min(_HEAD, member.size))
            kind = _sniff(path, head)
            return Source(path, kind, head + file.read(member.size - len(head)), max_pixels)
    except OSError as error:
        raise _refused(path, f"an archive that cannot be read ({error})", "check the disk") from error


def open_source(data: bytes, name: str, max_pixels: int) -> Source:
    """Take a file's bytes from memory, once the first of them show that it is a picture.

    Args:
        data: The whole file.
        name: What errors call it.
        max_pixels: Kept for :meth:`Source.check_size`.

    Raises:
        PictureError: If it is empty or not a picture.
    """
    path = Path(name)
    return Source(path, _sniff(path, data[:_HEAD]), data, max_pixels)


def _sniff(path: File, head: bytes) -> str:
    kind = sniff(head)
    if kind is None:
        raise _refused(path, describe(head), "convert it, download it again, or leave it out")
    return kind


def _refused(path: File, found: str, remedy: str) -> PictureError:
    return PictureError(f"{shown(path)}: found {found}; expected a {KNOWN_FORMATS} picture; {remedy}")
