"""Two folders of same-named pictures, each pair with something hostile or unusual in it.

``make_hostile_folder`` writes them; ``CASES`` tells for every stem what must happen to its row and why.
"""

from __future__ import annotations

import dataclasses
import os
import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np
from PIL import Image

from images.files import encode, exif, png, png_chunk, tiff
from images.profiles import P3_PRIMARIES, matrix_profile

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["CASES", "Case", "make_hostile_folder"]

SIZE = 64  # room for the 11-pixel windows of the metrics


@dataclasses.dataclass(frozen=True)
class Case:
    """One pair.

    Attributes:
        name: File name of the hostile side.
        must_fail: Whether its row must carry an error instead of scores.
        why: What is special about it.
        make: Writes the hostile file to a path.
        readable: Whether both files can be read; a pair may yet fail, when its pictures differ in size.
        hostile_side: Which folder the hostile file goes to; the other gets a plain PNG.
        plain: The plain side's pixels, shape (H, W, 3); ``None`` for the usual picture.
    """

    name: str
    must_fail: bool
    why: str
    make: Callable[[Path], Any]
    readable: bool
    hostile_side: str = "distorted"
    plain: NDArray[np.uint8] | None = None

    @property
    def stem(self) -> str:
        """The name that both files share."""
        return Path(self.name).stem


def make_hostile_folder(root: Path) -> tuple[Path, Path]:
    """Write all pairs below a folder.

    Args:
        root: An existing folder.

    Returns:
        ``root/reference`` and ``root/distorted``.
    """
    folders = {side: root / side for side in ("reference", "distorted")}
    for folder in folders.values():
        folder.mkdir()
    for case in CASES.values():
        other = {"reference": "distorted", "distorted": "reference"}[case.hostile_side]
        case.make(folders[case.hostile_side] / case.name)
        plain = PLAIN if case.plain is None else case.plain
        Image.fromarray(plain).save(folders[other] / f"{case.stem}.png")
    return folders["reference"], folders["distorted"]


def _picture() -> NDArray[np.uint8]:
    rng = np.random.default_rng(2718)
    down, across = np.mgrid[:SIZE, :SIZE] / (SIZE - 1)
    smooth = np.stack([down, across, 0.5 + 0.4 * np.sin(9 * down * across)], axis=-1)
    return np.clip(255 * smooth + rng.normal(0, 6, smooth.shape), 0, 255).astype(np.uint8)


def _bytes(data: bytes) -> Callable[[Path], Any]:
    return lambda path: path.write_bytes(data)


def _half(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _flip(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]


def _unreadable(path: Path) -> None:
    path.write_bytes(PNG)
    path.chmod(0)


def _bomb() -> bytes:
    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    body = png_chunk(b"IDAT", zlib.compress(bytes(60000)))
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + body + png_chunk(b"IEND", b"")


PLAIN = _picture()
DEEP = PLAIN.astype(np.uint16) * 257
RGBA = np.dstack([PLAIN, PLAIN[..., 1]])
PNG = encode(PLAIN, "PNG")
JPEG = encode(PLAIN, "JPEG", quality=90)
TALL = PLAIN[:, :48]
FRAMES = [Image.fromarray(PLAIN[::-1].copy()), Image.fromarray(PLAIN[:, ::-1].copy())]
HTML = b"<!DOCTYPE html>\n<html><head><title>404 Not Found</title></head></html>\n"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><rect width="64" height="64"/></svg>'


def _fails(name: str, why: str, make: Callable[[Path], Any] | bytes, **more: Any) -> Case:
    write = _bytes(make) if isinstance(make, bytes) else make
    return Case(name, must_fail=True, why=why, make=write, **({"readable": False} | more))


def _scores(name: str, why: str, data: bytes, **more: Any) -> Case:
    return Case(name, must_fail=False, why=why, make=_bytes(data), readable=True, **more)


_NOT_PICTURES = [
    _fails("empty.png", "zero bytes", b""),
    _fails("empty_reference.png", "zero bytes, on the reference's side", b"", hostile_side="reference"),
    _fails("text.png", "text named .png", b"these are the notes for the second experiment\n"),
    _fails("web_page.jpg", "an HTML error page named .jpg", HTML),
    _fails("drawing.png", "an SVG named .png", SVG),
    _fails("document.tiff", "a PDF named .tiff", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n"),
    _fails("icon.png", "a Windows icon named .png", encode(PLAIN, "ICO")),
    _fails(
        "lfs_pointer.png", "a Git LFS pointer", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n"
    ),
    _fails(
        "random.png", "random bytes behind a PNG signature", PNG[:8] + np.random.default_rng(1).bytes(900)
    ),
    _fails("broken_link.png", "a link to nothing", lambda path: path.symlink_to("gone.png")),
]

_DAMAGED = [
    _fails("cut.png", "half a PNG", _half(PNG)),
    _fails("cut_jpeg.jpg", "half a JPEG", _half(JPEG)),
    _fails("cut_progressive.jpg", "half a progressive JPEG", _half(encode(PLAIN, "JPEG", progressive=True))),
    _fails("cut_gif.gif", "half a GIF", _half(encode(PLAIN, "GIF"))),
    _fails("cut_webp.webp", "half a WebP", _half(encode(PLAIN, "WEBP"))),
    _fails("cut_tiff.tiff", "half a TIFF", _half(encode(PLAIN, "TIFF"))),
    _fails("cut_tiff_lzw.tiff", "half an LZW TIFF", _half(encode(PLAIN, "TIFF", compression="tiff_lzw"))),
    _fails("cut_bmp.bmp", "half a BMP", _half(encode(PLAIN, "BMP"))),
    _fails("cut_reference.png", "half a PNG, on the reference's side", _half(PNG), hostile_side="reference"),
    _fails("checksum.png", "a PNG whose pixels fail their checksum", _flip(PNG, PNG.index(b"IDAT") + 40)),
    _fails("no_end.png", "a PNG without its last chunk", PNG[:-12]),
    _fails("bomb.png", "a PNG that claims 60000x60000 pixels", _bomb()),
    _fails("no_pixels.png", "a PNG that claims 0x64 pixels", png(0, SIZE, 8, 2, b"")),
    _fails("too_few_rows.png", "a PNG with fewer rows than it claims", png(SIZE, SIZE, 8, 0, bytes(65 * 20))),
]

_NO_MEANING = [
    _fails("float_range.tiff", "floats from 0 to 255", tiff(PLAIN.astype(np.float32), photometric="rgb")),
    _fails("float_nan.tiff", "floats with NaN", tiff(np.full((SIZE, SIZE), np.nan, np.float32))),
    _fails("int32.tiff", "32-bit integers", tiff(PLAIN[..., 0].astype(np.int32))),
    _fails("int8.tiff", "signed bytes", tiff(PLAIN[..., 0].astype(np.int8))),
]

_OTHER_SIZE = [
    _fails("tiny.png", "1x1 against 64x64", encode(PLAIN[:1, :1], "PNG"), readable=True),
    _fails(
        "both_tiny.png",
        "1x1, too small for windows",
        encode(PLAIN[:1, :1], "PNG"),
        readable=True,
        plain=PLAIN[:1, :1],
    ),
    _fails("smaller.png", "48 columns against 64", encode(TALL, "PNG"), readable=True),
]

_UNUSUAL = [
    _scores("trailing.png", "a PNG with garbage behind its end", PNG + b"garbage" * 50),
    _scores("bits1.png", "1-bit PNG", encode(PLAIN, "PNG", mode="1")),
    _scores("grey.png", "8-bit grey PNG", encode(PLAIN, "PNG", mode="L")),
    _scores("deep.png", "16-bit RGB PNG", imagecodecs.png_encode(DEEP)),
    _scores("deep_grey.png", "16-bit grey PNG", imagecodecs.png_encode(DEEP[..., 0].copy())),
    _scores(
        "palette.png",
        "palette PNG, half transparent",
        encode(PLAIN, "PNG", mode="P", transparency=bytes([128] * 256)),
    ),
    _scores("rgba.png", "RGBA PNG", encode(RGBA, "PNG")),
    _scores("rgba_reference.png", "RGBA PNG as the reference", encode(RGBA, "PNG"), hostile_side="reference"),
    _scores("grey_alpha.png", "grey PNG with alpha", encode(RGBA, "PNG", mode="LA")),
    _scores(
        "wide_gamut.png", "Display P3", encode(PLAIN, "PNG", icc_profile=matrix_profile("P3", P3_PRIMARIES))
    ),
    _scores(
        "bad_profile.png", "a damaged ICC profile", encode(PLAIN, "PNG", icc_profile=b"no profile at all")
    ),
    _scores(
        "bad_exif.jpg", "a damaged EXIF block", encode(PLAIN, "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x50")
    ),
    _scores("cmyk.jpg", "CMYK JPEG without a profile", encode(PLAIN, "JPEG", mode="CMYK")),
    _scores("progressive.jpg", "progressive JPEG", encode(PLAIN, "JPEG", progressive=True)),
    _scores(
        "turned.jpg",
        "JPEG turned by EXIF orientation 6",
        encode(np.rot90(TALL).copy(), "JPEG", exif=b"Exif\0\0" + exif(6)),
        plain=TALL,
    ),
    _scores("animated.gif", "GIF of three frames", encode(PLAIN, "GIF", save_all=True, append_images=FRAMES)),
    _scores(
        "animated_webp.webp",
        "WebP of three frames",
        encode(PLAIN, "WEBP", save_all=True, append_images=FRAMES),
    ),
    _scores("pages.tiff", "TIFF of five pages", tiff(np.stack([PLAIN] * 5), photometric="rgb")),
    _scores("deep_tiff.tif", "16-bit RGB TIFF", tiff(DEEP, photometric="rgb")),
    _scores("float.tiff", "floats in [0, 1]", tiff((PLAIN / 255).astype(np.float32), photometric="rgb")),
    _scores("wrong_ending.png", "a JPEG named .png", JPEG),
    _scores("upper.JPG", "an ending in capitals", JPEG),
]

_NAMES = [
    _scores("día_日本語_🎨.png", "letters of several scripts", PNG),
    _scores("<script>alert(1)<x>&amp;.png", "markup", PNG),
    _scores("comma, \"quotes\" and 'more'.png", "commas and quotes", PNG),
    _scores("two\nlines.png", "a newline", PNG),
    _scores("=1+1.png", "a spreadsheet formula", PNG),
    _scores("-m.png", "an option", PNG),
    _scores(" spaces .png", "spaces at both ends", PNG),
    _scores("100%_{brace}.png", "format characters", PNG),
    _scores("dots.in.the.name.png", "dots", PNG),
    _scores("long_" + "x" * 240 + ".png", "the longest name a file system takes", PNG),
]

_LOCKED = [_fails("locked.png", "a file nobody may read", _unreadable)]
_may_read_all = hasattr(os, "geteuid") and os.geteuid() == 0

CASES: dict[str, Case] = {
    case.stem: case
    for case in (
        _NOT_PICTURES
        + _DAMAGED
        + _NO_MEANING
        + _OTHER_SIZE
        + _UNUSUAL
        + _NAMES
        + ([] if _may_read_all else _LOCKED)
    )
}
