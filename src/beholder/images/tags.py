"""The tag directories of TIFF files and EXIF blocks, with every offset checked against the file's end."""

from __future__ import annotations

import dataclasses
import struct

__all__ = ["DamagedTagsError", "Directory", "exif_orientation", "first_directory"]

ORIENTATION = 274
_HEADER = 8  # bytes ahead of any value

_INTEGERS = {1: "B", 3: "H", 4: "I", 7: "B", 13: "I", 16: "Q"}
_SIZES = {
    1: 1,
    2: 1,
    3: 2,
    4: 4,
    5: 8,
    6: 1,
    7: 1,
    8: 2,
    9: 4,
    10: 8,
    11: 4,
    12: 8,
    13: 4,
    16: 8,
    17: 8,
    18: 8,
}


class DamagedTagsError(ValueError):
    """A directory that breaks off, or whose tags point outside the file."""


@dataclasses.dataclass(frozen=True)
class Layout:
    """Byte order and field widths: classic TIFF counts in 32 bits, BigTIFF in 64."""

    order: str
    big: bool

    @property
    def count(self) -> struct.Struct:
        """The number of entries, ahead of them."""
        return struct.Struct(self.order + ("Q" if self.big else "H"))

    @property
    def entry(self) -> struct.Struct:
        """Tag, type, count, and the value or its offset."""
        return struct.Struct(self.order + ("HHQ8s" if self.big else "HHI4s"))

    @property
    def offset(self) -> struct.Struct:
        """A position in the file."""
        return struct.Struct(self.order + ("Q" if self.big else "I"))


@dataclasses.dataclass(frozen=True)
class Directory:
    """One image file directory.

    Attributes:
        data: The whole file or block.
        layout: Byte order and widths.
        entries: Tag number to its packed entry.
        next: Offset of the next directory, 0 for none, ``None`` where the file breaks off before telling it.
    """

    data: bytes
    layout: Layout
    entries: dict[int, bytes]
    next: int | None

    def block(self, tag: int) -> bytes | None:
        """A tag's bytes as stored, or ``None`` when the tag is absent.

        Raises:
            DamagedTagsError: If they lie outside the file.
        """
        packed = self.entries.get(tag)
        if packed is None:
            return None
        _, kind, count, inline = self.layout.entry.unpack(packed)
        if kind not in _SIZES:
            raise DamagedTagsError(f"tag {tag} has the unknown type {kind}")
        size = count * _SIZES[kind]
        if size <= len(inline):
            return bytes(inline[:size])
        (start,) = self.layout.offset.unpack(inline)
        if start < _HEADER or start + size > len(self.data):
            raise DamagedTagsError(f"tag {tag} points outside the file")
        return self.data[start : start + size]

    def integers(self, tag: int) -> tuple[int, ...] | None:
        """A tag's values, or ``None`` when the tag is absent.

        Raises:
            DamagedTagsError: If they lie outside the file or are no unsigned integers.
        """
        block = self.block(tag)
        if block is None:
            return None
        kind = self.layout.entry.unpack(self.entries[tag])[1]
        if kind not in _INTEGERS:
            raise DamagedTagsError(f"tag {tag} holds no whole numbers")
        return struct.unpack(f"{self.layout.order}{len(block) // _SIZES[kind]}{_INTEGERS[kind]}", block)

    def integer(self, tag: int, default: int) -> int:
        """A tag's first value, or the default when the tag is absent.

        Raises:
            DamagedTagsError: If it lies outside the file, is empty, or is no unsigned integer.
        """
        values = self.integers(tag)
        if values is None:
            return default
        if not values:
            raise DamagedTagsError(f"tag {tag} is empty")
        return values[0]

    def count_chain(self) -> int:
        """How many directories there are from this one on.

        Raises:
            DamagedTagsError: If the chain runs out of the file or into itself.
        """
        directory, seen = self, {0}
        while directory.next not in seen:
            if directory.next is None:
                raise DamagedTagsError("the list of pages breaks off")
            seen.add(directory.next)
            directory = _directory(self.data, self.layout, directory.next)
        if directory.next != 0:
            raise DamagedTagsError("the list of pages runs in a circle")
        return len(seen)


def first_directory(data: bytes) -> Directory:
    """Read the first directory of a TIFF file or an EXIF block.

    Raises:
        DamagedTagsError: If there is no TIFF header, or the directory does not lie within ``data``.
    """
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    if order is None or len(data) < 8:
        raise DamagedTagsError("no TIFF header")
    version = struct.unpack_from(order + "H", data, 2)[0]
    if version not in (42, 43):
        raise DamagedTagsError(f"TIFF version {version}")
    layout = Layout(order, big=version == 43)
    at = 8 if layout.big else 4
    if len(data) < at + layout.offset.size:
        raise DamagedTagsError("the header breaks off")
    return _directory(data, layout, layout.offset.unpack_from(data, at)[0])


def exif_orientation(block: bytes | None) -> tuple[int, tuple[str, ...]]:
    """The orientation that an EXIF block asks for.

    Args:
        block: The block, with or without its ``Exif`` marker; ``None`` for no block.

    Returns:
        The orientation, 1 (upright) to 8, and a note when the block is there but cannot be read.
    """
    if not block:
        return 1, ()
    try:
        value = first_directory(block.removeprefix(b"Exif\0\0")).integer(ORIENTATION, 1)
    except DamagedTagsError as error:
        return 1, (f"damaged EXIF block ignored ({error}): the picture was not turned",)
    return (value if 1 <= value <= 8 else 1), ()


def _directory(data: bytes, layout: Layout, at: int) -> Directory:
    if at + layout.count.size > len(data):
        raise DamagedTagsError("the tag directory lies beyond the end of the file")
    (count,) = layout.count.unpack_from(data, at)
    start = at + layout.count.size
    width = layout.entry.size
    end = start + count * width
    if end > len(data):
        raise DamagedTagsError("the tag directory breaks off")
    packed = [data[i : i + width] for i in range(start, end, width)]
    entries = {struct.unpack_from(layout.order + "H", entry)[0]: entry for entry in packed}
    # cameras write EXIF blocks that end here; a TIFF file must not
    whole = end + layout.offset.size <= len(data)
    return Directory(data, layout, entries, layout.offset.unpack_from(data, end)[0] if whole else None)
