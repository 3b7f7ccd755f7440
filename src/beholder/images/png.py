"""PNG: chunks read here, pixels decoded by libpng, which keeps 16 bits where Pillow keeps 8."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

import imagecodecs

from beholder.images.raster import Raster
from beholder.images.tags import exif_orientation

if TYPE_CHECKING:
    from beholder.images.source import Source

__all__ = ["decode_png"]

_SIGNATURE_SIZE = 8
_FRAME = struct.Struct(">I4s")  # length and name, ahead of each chunk's data
_CRC_SIZE = 4
_PIXELS = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
_MAX_PROFILE = 16 * 2**20  # bytes; a few of deflate data can grow a thousandfold
_SRGB_GAMMA = 45455  # 1/2.2 in units of 1e-5, which the standard prescribes beside an sRGB chunk
_GAMMA_TOLERANCE = 500  # as browsers allow, no correction within 0.005
# primaries of BT.709 with the sRGB curve, or with one that players show as if it were
_SRGB_CICP = {b"\x01\x0d", b"\x01\x01", b"\x01\x06"}


def decode_png(source: Source) -> Raster:
    """Decode a PNG of 1 to 16 bits; of an animated one, its default picture.

    Colours are taken for sRGB unless there is an ICC profile; where a chunk says otherwise, a note says so.

    Args:
        source: The file.

    Returns:
        Grey or RGB samples, uint8 or uint16, with straight alpha where the file has any.

    Raises:
        PictureError: If the file is cut, damaged or too large.
    """
    chunks, pixels = _walk(source)
    header = chunks[b"IHDR"]
    if len(header) != 13:
        raise source.damaged("its IHDR chunk has the wrong length")
    source.check_size(*struct.unpack_from(">II", header))
    try:
        # other chunks stay behind: libpng would print its opinion of them to stderr
        decoded = imagecodecs.png_decode(source.data[:_SIGNATURE_SIZE] + b"".join(pixels))
    except (RuntimeError, ValueError) as error:
        # its own message may point at freed memory, so the reason is looked for here
        for chunk in pixels:
            _checked(source, chunk)
        raise source.damaged("its pixels cannot be unpacked") from error
    if decoded.ndim == 2:
        decoded = decoded[..., None]
    alpha = decoded[..., -1] if decoded.shape[2] in (2, 4) else None
    icc, notes = _profile(chunks)
    orientation, exif_notes = exif_orientation(chunks.get(b"eXIf"))
    return Raster(
        colours=decoded if alpha is None else decoded[..., :-1],
        alpha=alpha,
        icc=icc,
        orientation=orientation,
        notes=_frames(chunks) + notes + exif_notes,
    )


def _walk(source: Source) -> tuple[dict[bytes, bytes], list[bytes]]:
    """The data of every chunk but the pixels', by name, and the whole chunks that libpng needs."""
    data = source.data
    chunks: dict[bytes, bytes] = {}
    pixels: list[bytes] = []
    at, name = _SIGNATURE_SIZE, b""
    while name != b"IEND":
        if at + _FRAME.size > len(data):
            raise source.damaged("it ends before its IEND chunk")
        length, name = _FRAME.unpack_from(data, at)
        end = at + _FRAME.size + length + _CRC_SIZE
        if end > len(data):
            raise source.damaged(f"it ends within its {_printable(name)} chunk")
        if name in _PIXELS:
            pixels.append(data[at:end])
        elif not name[0] & 0x20:
            # a capital first letter: the picture cannot be understood without it
            raise source.damaged(f"it needs the unknown chunk {_printable(name)}")
        # libpng checks the pixels, but passes over other chunks that are damaged, transparency among them
        if name != b"IDAT":
            chunks.setdefault(name, _checked(source, data[at:end]))
        at = end
    if b"IHDR" not in chunks:
        raise source.damaged("it has no IHDR chunk")
    return chunks, pixels


def _checked(source: Source, chunk: bytes) -> bytes:
    """A chunk's data, once its checksum is found right."""
    name, data = chunk[4:8], chunk[_FRAME.size : -_CRC_SIZE]
    if zlib.crc32(data, zlib.crc32(name)) != int.from_bytes(chunk[-_CRC_SIZE:], "big"):
        raise source.damaged(f"the checksum of its {_printable(name)} chunk is wrong")
    return data


def _profile(chunks: dict[bytes, bytes]) -> tuple[bytes | None, tuple[str, ...]]:
    """The ICC profile, and what other chunks say of the colours that is not followed."""
    if b"iCCP" in chunks:
        _, _, packed = chunks[b"iCCP"].partition(b"\0")
        unpack = zlib.decompressobj()
        try:
            profile = unpack.decompress(packed[1:], _MAX_PROFILE)
        except zlib.error:
            profile = b""
        if not profile or not unpack.eof:
            return None, ("damaged ICC profile ignored: the colours were taken for sRGB",)
        return profile, ()
    cicp = chunks.get(b"cICP")
    if cicp is not None and cicp[:2] not in _SRGB_CICP:
        return None, (f"cICP colour description {tuple(cicp)} ignored: the colours were taken for sRGB",)
    gamma = chunks.get(b"gAMA", b"")
    if len(gamma) == 4 and not {b"sRGB", b"cICP"} & chunks.keys():
        value = int.from_bytes(gamma, "big")
        if abs(value - _SRGB_GAMMA) > _GAMMA_TOLERANCE:
            return None, (f"gamma of {value / 1e5:g} ignored: the colours were taken for sRGB",)
    return None, ()


def _frames(chunks: dict[bytes, bytes]) -> tuple[str, ...]:
    animation = chunks.get(b"acTL", b"")
    count = int.from_bytes(animation[:4], "big")
    return (f"first of {count} frames",) if count > 1 else ()


def _printable(name: bytes) -> str:
    return repr(name)[2:-1]  # a damaged name may hold control characters
