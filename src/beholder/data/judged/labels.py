"""Shares of answers in NumPy files, one number a file."""

from __future__ import annotations

import io
import math
import struct
import tokenize

import numpy as np

from beholder.spec import UsageError

__all__ = ["LabelFiles"]

_EXPECTED = "a .npy file with one number of shape (1,), in [0, 1]"
_MOST = 4096  # bytes that are read: such a file has about a hundred
_MAGIC = b"\x93NUMPY"
_FORMATS = {"f2": "e", "f4": "f", "f8": "d", "i1": "b", "i2": "h", "i4": "i", "i8": "q", "u1": "B", "u2": "H"}


class LabelFiles:
    """Reads files of one number each; headers that were seen before are not parsed again.

    Attributes:
        types: The types of the numbers that were read, such as ``"<f8"``.
    """

    expected = _EXPECTED

    def __init__(self) -> None:
        self._known: dict[bytes, struct.Struct] = {}
        self.types: set[str] = set()

    def read(self, path: str) -> float:
        """The number in a file; objects (pickles) are never opened.

        Raises:
            UsageError: With what was found, in words, if it is not a share in a ``.npy`` file of shape (1,).
        """
        try:
            with open(path, "rb", buffering=0) as file:  # noqa: PTH123 -- Path.open takes as long again
                data = file.read(_MOST)
        except OSError as error:
            raise UsageError(f"a file that cannot be read ({error.strerror})") from error
        end = _end_of_header(data)
        layout = self._known.get(data[:end])
        if layout is None:
            layout = self._parse(data, end)
        if len(data) != end + layout.size:
            raise UsageError(f"{len(data) - end} bytes of numbers instead of {layout.size}")
        share = float(layout.unpack_from(data, end)[0])
        if not math.isfinite(share) or not 0 <= share <= 1:
            raise UsageError(f"the number {share:g}")
        return share

    def _parse(self, data: bytes, end: int) -> struct.Struct:
        stream = io.BytesIO(data[:end])
        try:
            version = np.lib.format.read_magic(stream)
            parse = (
                np.lib.format.read_array_header_1_0
                if version == (1, 0)
                else np.lib.format.read_array_header_2_0
            )
            shape, _, dtype = parse(stream)
        except (ValueError, TypeError, SyntaxError, tokenize.TokenError) as error:
            raise UsageError("a damaged .npy file") from error
        if dtype.hasobject:
            raise UsageError("pickled objects, which are never opened")
        if dtype.str[1:] not in _FORMATS:
            raise UsageError(f"numbers of type {dtype}")
        if shape != (1,):
            raise UsageError(f"the shape {shape}")
        self.types.add(dtype.str)
        layout = struct.Struct((">" if dtype.str[0] == ">" else "<") + _FORMATS[dtype.str[1:]])
        self._known[data[:end]] = layout
        return layout


def _end_of_header(data: bytes) -> int:
    """Where the numbers of a ``.npy`` file begin."""
    if not data:
        raise UsageError("an empty file")
    if not data.startswith(_MAGIC) or len(data) < 12:
        raise UsageError("no .npy file")
    if data[6] == 1:
        return 10 + int.from_bytes(data[8:10], "little")
    return 12 + int.from_bytes(data[8:12], "little")
