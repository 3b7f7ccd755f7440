"""Files that must be refused, with words that tell what they are and what to do."""

from __future__ import annotations

import os
import re
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import beholder.images.picture as picture_module
from beholder.images import pair_paths, read_picture
from beholder.spec import PictureError
from hostile import CASES, make_hostile_folder
from images.files import encode, exif, png, png_chunk, read, tiff

RNG = np.random.default_rng(3)
RGB = RNG.integers(0, 256, (12, 10, 3), dtype=np.uint8)
WHOLE: dict[str, bytes] = {
    "png": encode(RGB, "PNG"),
    "jpeg": encode(RGB, "JPEG"),
    "progressive": encode(RGB, "JPEG", progressive=True),
    "webp": encode(RGB, "WEBP"),
    "lossy webp": encode(RGB, "WEBP", lossless=False),
    "gif": encode(RGB, "GIF"),
    "bmp": encode(RGB, "BMP"),
    "tiff": encode(RGB, "TIFF"),
    "tiff, lzw": encode(RGB, "TIFF", compression="tiff_lzw"),
    "tiff, jpeg": encode(RGB, "TIFF", compression="jpeg"),
    "tiff, fax": encode(RGB, "TIFF", mode="1", compression="group4"),
    "tiff, palette": encode(RGB, "TIFF", mode="P"),
    "tiff, 16 bits": tiff(RGB.astype(np.uint16), photometric="rgb"),
    "tiff, tiles": tiff(RGB.astype(np.uint16), photometric="rgb", tile=(16, 16), compression="zlib"),
}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_hostile_folder(tmp_path_factory.mktemp("hostile"))


@pytest.mark.parametrize("stem", CASES)
def test_hostile_files(hostile: tuple[Path, Path], stem: str) -> None:
    case = CASES[stem]
    folder = hostile[0] if case.hostile_side == "reference" else hostile[1]
    if case.readable:
        assert read_picture(folder / case.name).pixels.shape[0] == 3
        return
    with pytest.raises(PictureError) as caught:
        read_picture(folder / case.name)
    message = str(caught.value)
    assert case.name in message
    assert re.search(r": found .*; expected .*; ", message)
    assert "\n" not in message


def test_hostile_folders_pair_up(hostile: tuple[Path, Path]) -> None:
    assert {pair.reference.stem for pair in pair_paths(*hostile).pairs} == set(CASES)
    assert len(CASES) >= 30


@pytest.mark.parametrize("kind", WHOLE)
def test_a_cut_file_is_refused_or_was_cut_behind_its_pixels(tmp_path: Path, kind: str) -> None:
    data = WHOLE[kind]
    expected, _ = read(tmp_path, data)
    refused = 0
    for length in [*range(0, len(data), 7), *range(len(data) - 9, len(data))]:
        try:
            pixels, _ = read(tmp_path, data[:length])
        except PictureError:
            refused += 1
        else:
            assert np.array_equal(pixels, expected), length
    assert refused > len(data) // 8


def test_any_flipped_byte_of_a_png_is_noticed(tmp_path: Path) -> None:
    table = ((b"PLTE", bytes(range(12))), (b"tRNS", bytes([9, 8])), (b"eXIf", exif(6)), (b"gAMA", bytes(4)))
    data = png(2, 2, 8, 3, bytes([0, 0, 1, 0, 2, 3]), extra=table)
    for at in range(8, len(data)):
        with pytest.raises(PictureError, match="damaged PNG"):
            read(tmp_path, data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :])


@pytest.mark.parametrize("kind", WHOLE)
def test_random_damage_raises_nothing_but_our_error(tmp_path: Path, kind: str) -> None:
    rng = np.random.default_rng(5)
    for _ in range(40):
        data = bytearray(WHOLE[kind])
        for at in rng.integers(4, len(data), 3):
            data[at] = rng.integers(0, 256)
        try:
            pixels, _ = read(tmp_path, bytes(data), max_pixels=10_000)
        except PictureError:
            continue
        assert ((pixels >= 0) & (pixels <= 1)).all()


def tag(number: int, kind: int, count: int, value: int) -> bytes:
    return struct.pack("<HHII", number, kind, count, value)


GREY = {256: (3, 1, 2), 257: (3, 1, 2), 258: (3, 1, 8), 262: (3, 1, 1), 273: (4, 1, 170), 279: (4, 1, 4)}


def tiny_tiff(change: dict[int, Any], following: int = 0) -> bytes:
    """A 2x2 grey TIFF with some of its tags replaced, or with ``None`` removed."""
    tags = {number: value for number, value in (GREY | change).items() if value is not None}
    entries = b"".join(tag(number, *value) for number, value in sorted(tags.items()))
    directory = struct.pack("<H", len(tags)) + entries + struct.pack("<I", following)
    return (b"II*\0" + struct.pack("<I", 8) + directory).ljust(170, b"\0") + bytes([0, 85, 170, 255])


def test_the_tiny_tiff_is_sound(tmp_path: Path) -> None:
    assert np.allclose(read(tmp_path, tiny_tiff({}))[0][..., 0] * 3, [[0, 1], [2, 3]])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({256: (3, 1, 0)}, "a size of 0x2"),
        ({256: (4, 1, 70000), 257: (4, 1, 70000)}, "70000x70000 = 4900000000 pixels"),
        ({256: None}, "a size of 0x2"),
        ({256: (2, 1, 2)}, "tag 256 holds no whole numbers"),
        ({256: (99, 1, 2)}, "tag 256 has the unknown type 99"),
        ({256: (3, 0, 0)}, "tag 256 is empty"),
        ({258: (3, 3, 9999)}, "tag 258 points outside the file"),
        ({258: (3, 1, 32)}, "32-bit unsigned integers"),
        ({258: (3, 1, 64), 339: (3, 1, 6)}, "64-bit complex numbers"),
        ({258: (3, 2, 8 | 16 << 16)}, "channels of different types"),
        ({262: (3, 1, 8)}, r"CIE L\*a\*b\* colours"),
        ({262: (3, 1, 6), 277: (3, 1, 3)}, "YCbCr colours that are not JPEG-compressed"),
        ({262: (3, 1, 5), 277: (3, 1, 4), 332: (3, 1, 2)}, "inks other than CMYK"),
        ({262: (3, 1, 3)}, "its palette has 0 entries instead of 768"),
        ({262: (3, 1, 2)}, "1 samples a pixel are too few"),
        ({277: (3, 1, 9)}, "9 channels"),
        ({32997: (3, 1, 5)}, "a volume of voxels"),
        ({259: (3, 1, 60000)}, "damaged TIFF"),
        ({259: (5, 1, 8)}, "tag 259 holds no whole numbers"),
        ({317: (3, 9, 2)}, "tag 317 points outside the file"),
        ({273: (4, 1, 172)}, "its pixels lie beyond the end"),
        ({273: None}, "does not tell where its pixels are"),
        ({278: (3, 1, 1)}, "1 strips or tiles instead of 2"),
        ({279: (4, 1, 0)}, "its pixels lie beyond the end"),
        ({279: (4, 1, 3)}, "too short for its pixels"),
        ({284: (3, 1, 7)}, "unknown arrangement of samples 7"),
        ({322: (4, 1, 60000), 323: (4, 1, 60000), 324: (4, 1, 170), 325: (4, 1, 4)}, "60000x60000"),
        ({347: (7, 500, 9999)}, "tag 347 points outside the file"),
    ],
)
def test_tiff_tags_that_contradict_the_file(tmp_path: Path, change: dict[int, Any], words: str) -> None:
    with pytest.raises(PictureError, match=words):
        read(tmp_path, tiny_tiff(change))


def test_tiff_tags_that_do_not_matter_may_be_damaged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pixels, notes = read(tmp_path, tiny_tiff({270: (2, 500, 9999), 306: (77, 1, 1), 40000: (5, 9, 1)}))
    assert np.array_equal(pixels, read(tmp_path, tiny_tiff({}))[0])
    assert notes == ()
    assert caplog.records == []


def test_tiff_pages_that_break_off_or_run_in_a_circle(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="the list of pages runs in a circle"):
        read(tmp_path, tiny_tiff({}, following=8))
    with pytest.raises(PictureError, match="the tag directory lies beyond the end"):
        read(tmp_path, tiny_tiff({}, following=9999))


def test_a_png_with_a_chunk_it_cannot_do_without(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="it needs the unknown chunk ABCD"):
        read(tmp_path, png(1, 1, 8, 0, b"\0\0", extra=((b"ABCD", b""),)))
    headless = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IEND", b"")
    with pytest.raises(PictureError, match="it has no IHDR chunk"):
        read(tmp_path, headless)


def test_what_is_not_a_file(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match=r"gone\.png: found no such file; expected .*; check the name"):
        read_picture(tmp_path / "gone.png")
    with pytest.raises(PictureError, match="found a folder"):
        read_picture(tmp_path)
    with pytest.raises(PictureError, match="found a file that cannot be read"):
        read_picture("nul\0character.png")
    with pytest.raises(PictureError, match="found a file that cannot be read"):
        read_picture(tmp_path / ("x" * 5000))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(PictureError, match="a pipe or a device"):
        read_picture(tmp_path / "pipe.png")


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "locked.png").write_bytes(WHOLE["png"])
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(PictureError, match=r"locked\.png: found a file that you may not read.*permissions"):
        read_picture(tmp_path / "locked.png")


def test_a_picture_too_large_for_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def exhaust(_: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr(picture_module, "to_srgb", exhaust)
    with pytest.raises(PictureError, match="does not fit into memory"):
        read(tmp_path, WHOLE["png"])


def test_a_name_with_a_newline_stays_on_one_line(tmp_path: Path) -> None:
    with pytest.raises(PictureError) as caught:
        read_picture(tmp_path / "two\nlines.png")
    assert "two\\nlines.png" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "an empty file"),
        (b"GIF is what I wanted", "a text file.*GIF is what I wa"),
        (b"\xef\xbb\xbf <SVG xmlns=''/>", "an SVG drawing"),
        (b"%PDF-1.4", "a PDF document"),
        (b"\0\0\0\x1cftypheic\0\0", "a HEIC picture"),
        (b"\0\0\0\x1cftypavif\0\0", "an AVIF picture"),
        (b"RIFF\x10\0\0\0WAVEfmt ", "a file of an unknown kind"),
        (b"\x01\x02\x03", "a file of an unknown kind"),
    ],
)
def test_strangers_are_called_by_their_names(tmp_path: Path, data: bytes, words: str) -> None:
    with pytest.raises(
        PictureError, match=f"found {words}.*expected a PNG, JPEG, WebP, TIFF, BMP or GIF picture"
    ):
        read(tmp_path, data)
