"""TIFF: tags checked here, pixels decoded by tifffile, which keeps 16 bits and floats.

Decoders of TIFF skip tags and strips that are damaged and go on with what is left. So every tag that matters is
read and checked here first, and the decoder is given a directory of those tags only: it has nothing to skip, and
no orientation that it might apply before we do.
"""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import tifffile

from beholder.images.raster import Raster, Samples
from beholder.images.tags import ORIENTATION, DamagedTagsError, Directory, first_directory

if TYPE_CHECKING:
    from beholder.images.source import Source

__all__ = ["decode_tiff"]

_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC = 256, 257, 258, 259, 262
_STRIP_OFFSETS, _SAMPLES, _ROWS_PER_STRIP, _STRIP_BYTES, _PLANAR = 273, 277, 278, 279, 284
_COLOUR_MAP, _TILE_WIDTH, _TILE_HEIGHT, _TILE_OFFSETS, _TILE_BYTES = 320, 322, 323, 324, 325
_INK_SET, _EXTRA_SAMPLES, _SAMPLE_FORMAT, _DEPTH, _ICC = 332, 338, 339, 32997, 34675

_READ_HERE = {256, 257, 258, 259, 262, 273, 277, 278, 279, 284, 320, 322, 323, 324, 325, 338, 339}
# fill order, fax options, predictor, JPEG tables, and YCbCr coefficients, subsampling, position and range
_READ_BY_CODECS = {266, 292, 293, 317, 347, 529, 530, 531, 532}
_FRACTIONS = {529, 532}
_KEPT = frozenset(_READ_HERE | _READ_BY_CODECS)

_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _SEPARATED, _YCBCR = 0, 1, 2, 3, 5, 6
_CHANNELS = {_WHITE_IS_ZERO: 1, _BLACK_IS_ZERO: 1, _RGB: 3, _PALETTE: 1, _SEPARATED: 4, _YCBCR: 3}
_PHOTOMETRIC_NAMES = {
    4: "a transparency mask",
    8: "CIE L*a*b* colours",
    9: "ICC L*a*b* colours",
    32803: "raw sensor data",
}
_FORMAT_NAMES = {
    1: "unsigned integers",
    2: "signed integers",
    3: "floats",
    5: "complex integers",
    6: "complex numbers",
}
_UNSIGNED, _FLOAT = 1, 3
_JPEG = 7
_PREMULTIPLIED, _STRAIGHT = 1, 2

_EXPECTED = "grey, palette, RGB or CMYK samples, unsigned of 1 to 16 bits, or floats in [0, 1]"

# What tifffile and its codecs raise on data that breaks their assumptions.
_DAMAGE = (ValueError, TypeError, LookupError, ArithmeticError, RuntimeError, OSError, EOFError, struct.error)


class _Layout(NamedTuple):
    """How the samples of a page are to be read."""

    width: int
    height: int
    samples: int
    bits: int
    sample_format: int
    photometric: int
    extra: tuple[int, ...]


def decode_tiff(source: Source) -> Raster:
    """Decode the first page of a TIFF or BigTIFF.

    Args:
        source: The file.

    Returns:
        Grey, RGB or CMYK samples: uint8 for up to 8 bits, uint16 for 16 bits, float32 for floats.

    Raises:
        PictureError: If the file is cut, damaged, too large, or holds samples of a kind that has no plain
            meaning as a picture: signed, 32-bit or complex numbers, floats outside [0, 1], L*a*b*, raw data.
    """
    try:
        directory = first_directory(source.data)
        layout = _read_layout(source, directory)
        for tag in _KEPT - _FRACTIONS:
            directory.integers(tag)  # raises where the value lies outside the file or is of another type
        _check_segments(source, directory, layout)
        pages = directory.count_chain()
        orientation = directory.integer(ORIENTATION, 1)
        decoded = _decode(directory)
        if decoded.shape != (layout.height, layout.width, layout.samples):
            raise DamagedTagsError(f"pixels of shape {decoded.shape}")
        colours, alpha = _interpret(source, decoded, directory, layout)
        notes: tuple[str, ...] = (f"first of {pages} pages",) if pages > 1 else ()
        if layout.extra and alpha is None:
            notes += ("extra channels of unknown meaning ignored",)
        icc = directory.block(_ICC)
    except _DAMAGE as error:
        raise source.damaged(error) from error
    turn = orientation if 1 <= orientation <= 8 else 1
    return Raster(colours=colours, alpha=alpha, icc=icc, orientation=turn, notes=notes)


def _read_layout(source: Source, directory: Directory) -> _Layout:
    width, height = directory.integer(_WIDTH, 0), directory.integer(_HEIGHT, 0)
    source.check_size(width, height)
    samples = directory.integer(_SAMPLES, 1)
    bits = set(directory.integers(_BITS) or (1,))
    formats = set(directory.integers(_SAMPLE_FORMAT) or (_UNSIGNED,))
    photometric = directory.integer(_PHOTOMETRIC, _WHITE_IS_ZERO)
    if directory.integer(_DEPTH, 1) != 1:
        raise source.unsupported("a volume of voxels", _EXPECTED)
    if len(bits) != 1 or len(formats) != 1:
        raise source.unsupported("channels of different types", _EXPECTED)
    layout = _Layout(width, height, samples, bits.pop(), formats.pop(), photometric, ())
    _check_kind(source, directory, layout)
    extra = samples - _CHANNELS[photometric]
    if extra < 0:
        raise DamagedTagsError(f"{samples} samples a pixel are too few")
    if extra > 4:
        raise source.unsupported(f"{samples} channels", _EXPECTED)
    # a file that does not tell what its one extra channel is means opacity by it
    told = directory.integers(_EXTRA_SAMPLES) or ((_STRAIGHT,) if extra == 1 else (0,) * extra)
    return layout._replace(extra=told[:extra])


def _check_kind(source: Source, directory: Directory, layout: _Layout) -> None:
    photometric, bits = layout.photometric, layout.bits
    if photometric not in _CHANNELS:
        name = _PHOTOMETRIC_NAMES.get(photometric, f"colours of kind {photometric}")
        raise source.unsupported(name, _EXPECTED)
    if photometric == _YCBCR and directory.integer(_COMPRESSION, 1) != _JPEG:
        raise source.unsupported("YCbCr colours that are not JPEG-compressed", _EXPECTED)
    if photometric == _SEPARATED and directory.integer(_INK_SET, 1) != 1:
        raise source.unsupported("inks other than CMYK", _EXPECTED)
    allowed = {_UNSIGNED: {1, 2, 4, 8, 16}, _FLOAT: {16, 32, 64}}.get(layout.sample_format, set())
    if photometric in (_PALETTE, _SEPARATED, _YCBCR) and layout.sample_format == _FLOAT:
        allowed = set()
    if bits not in allowed:
        name = _FORMAT_NAMES.get(layout.sample_format, f"samples of type {layout.sample_format}")
        raise source.unsupported(f"{bits}-bit {name}", _EXPECTED)


def _check_segments(source: Source, directory: Directory, layout: _Layout) -> None:
    """Make sure that every strip or tile is there and lies within the file."""
    if _TILE_OFFSETS in directory.entries:
        offsets, sizes = directory.integers(_TILE_OFFSETS), directory.integers(_TILE_BYTES)
        across, down = directory.integer(_TILE_WIDTH, 0), directory.integer(_TILE_HEIGHT, 0)
        source.check_size(across, down)  # a tile may be larger than the picture, and is decoded whole
    else:
        offsets, sizes = directory.integers(_STRIP_OFFSETS), directory.integers(_STRIP_BYTES)
        across, down = layout.width, min(directory.integer(_ROWS_PER_STRIP, layout.height), layout.height)
    if not offsets or not sizes or across < 1 or down < 1:
        raise DamagedTagsError("it does not tell where its pixels are")
    planar = directory.integer(_PLANAR, 1)
    if planar not in (1, 2):
        raise DamagedTagsError(f"it names the unknown arrangement of samples {planar}")
    planes = layout.samples if planar == 2 else 1
    wanted = planes * -(-layout.width // across) * -(-layout.height // down)
    if len(offsets) != wanted or len(sizes) != wanted:
        raise DamagedTagsError(f"it has {len(offsets)} strips or tiles instead of {wanted}")
    for offset, size in zip(offsets, sizes, strict=True):
        if not offset or not size or offset + size > len(directory.data):
            raise DamagedTagsError("its pixels lie beyond the end of the file")
    # the decoder takes as many bytes as the rows need, whatever the strips say they hold
    row = -(-layout.width * (layout.samples // planes) * layout.bits // 8)
    if directory.integer(_COMPRESSION, 1) == 1 and sum(sizes) < row * layout.height * planes:
        raise DamagedTagsError("its strips or tiles are too short for its pixels")


def _decode(directory: Directory) -> Samples:
    """The samples, shape (H, W, C), decoded through a directory of the checked tags only."""
    layout = directory.layout
    kept = [entry for tag, entry in sorted(directory.entries.items()) if tag in _KEPT]
    padding = b"\0" * (-len(directory.data) % 8)
    at = len(directory.data) + len(padding)
    header = directory.data[: 8 if layout.big else 4] + layout.offset.pack(at)
    tail = [padding, layout.count.pack(len(kept)), *kept, layout.offset.pack(0)]
    file = io.BytesIO(b"".join([header, directory.data[len(header) :], *tail]))
    with tifffile.TiffFile(file) as tiff:
        page = tiff.pages[0]
        # one thread: many pictures are read at once by their callers
        decoded = np.asarray(page.asarray(maxworkers=1))
        if decoded.ndim == 2:
            return decoded[..., None]
        return np.moveaxis(decoded, 0, -1) if page.axes == "SYX" else decoded


def _interpret(
    source: Source, decoded: Samples, directory: Directory, layout: _Layout
) -> tuple[Samples, Samples | None]:
    """Colours and straight alpha, of uint8, uint16 or float32."""
    if layout.photometric == _PALETTE:
        return _look_up(decoded[..., 0], directory, layout.bits), None
    samples = _widened(source, decoded, layout)
    channels = _CHANNELS[layout.photometric]
    colours = samples[..., :channels]
    if layout.photometric == _WHITE_IS_ZERO:
        colours = _full(samples) - colours
    opacity = layout.extra[0] if layout.extra else 0
    if opacity == _PREMULTIPLIED:
        return _divide(colours, samples[..., channels]), samples[..., channels]
    return colours, samples[..., channels] if opacity == _STRAIGHT else None


def _widened(source: Source, decoded: Samples, layout: _Layout) -> Samples:
    """Samples over the whole range of their type, whatever the width they were stored with."""
    if layout.sample_format == _FLOAT:
        _check_range(source, decoded)
        return decoded.astype(np.float32, copy=False)
    if layout.bits < 8:
        # 255 is a multiple of the largest value of 1, 2 and 4 bits
        return np.asarray(decoded.astype(np.uint8) * np.uint8(255 // (2**layout.bits - 1)))
    return decoded


def _full(samples: Samples) -> Any:
    """The value of white, in the type of the samples."""
    return samples.dtype.type(1 if samples.dtype.kind == "f" else np.iinfo(samples.dtype).max)


def _check_range(source: Source, values: Samples) -> None:
    low, high = float(values.min()), float(values.max())
    # written so that NaN, which compares as false, is refused too
    if not (low >= 0 and high <= 1):
        raise source.unsupported(f"float samples from {low:g} to {high:g}", "floats in [0, 1]")


def _look_up(indices: Samples, directory: Directory, bits: int) -> Samples:
    table = np.asarray(directory.integers(_COLOUR_MAP) or (), dtype=np.int64)
    if table.size != 3 * 2**bits:
        raise DamagedTagsError(f"its palette has {table.size} entries instead of {3 * 2**bits}")
    # the format says 16 bits; writers scale by 256 or 257, and some store 8 bits: the top byte serves them all
    if table.max() > 255:
        table >>= 8
    return np.asarray(table.reshape(3, -1).T.astype(np.uint8)[indices.astype(np.intp)])


def _divide(colours: Samples, alpha: Samples) -> Samples:
    """Undo a multiplication by alpha, in the type of the samples."""
    full = float(_full(alpha))
    opacity = alpha[..., None] / full
    straight = np.divide(colours, opacity, out=np.zeros(colours.shape), where=opacity > 0)
    straight = np.minimum(straight, full)
    return (straight if alpha.dtype.kind == "f" else np.rint(straight)).astype(alpha.dtype)
