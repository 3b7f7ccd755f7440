"""Picture files that are in memory."""

from __future__ import annotations

from beholder.images.addresses import Address

__all__ = ["HeldFile"]


class HeldFile(Address):
    """A picture file in memory, under the name that tables and errors call it by.

    Two of one name are equal where their bytes are, so that no picture is taken for another.

    Args:
        name: What it is called.
        data: The whole file.
    """

    __slots__ = ("data",)
    data: bytes

    def __new__(cls, name: str, data: bytes) -> HeldFile:
        """Text that carries the bytes."""
        held = super().__new__(cls, name)
        held.data = data
        return held

    def __getnewargs__(self) -> tuple[str, bytes]:  # type: ignore[override]
        return str(self), self.data

    def __eq__(self, other: object) -> bool:
        return isinstance(other, HeldFile) and str.__eq__(self, other) and self.data == other.data

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = str.__hash__
