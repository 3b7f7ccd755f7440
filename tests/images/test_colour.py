"""Embedded profiles and inks, against the arithmetic that they stand for."""

from __future__ import annotations

import io
import zlib
from typing import TYPE_CHECKING

import imagecodecs
import numpy as np
import pytest
from PIL import Image, ImageCms

from images.files import eight_bits, encode, png, png_chunk, read, tiff
from images.profiles import (
    P3_PRIMARIES,
    SRGB_PRIMARIES,
    gamma_profile,
    linear_to_srgb,
    matrix_profile,
    p3_to_srgb,
    press_profile,
)

if TYPE_CHECKING:
    from pathlib import Path

RNG = np.random.default_rng(11)
RGB = RNG.integers(0, 256, (40, 50, 3), dtype=np.uint8)
DEEP = RNG.integers(0, 65536, (40, 50, 3), dtype=np.uint16)
P3 = matrix_profile("Display P3", P3_PRIMARIES)
P3_NOTE = "ICC profile 'Display P3' converted to sRGB"


def with_profile(data: bytes, icc: bytes) -> bytes:
    """A PNG with a profile put in behind its header."""
    return data[:33] + png_chunk(b"iCCP", b"name\0\0" + zlib.compress(icc)) + data[33:]


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_display_p3_with_8_bits(tmp_path: Path, kind: str) -> None:
    pixels, notes = read(tmp_path, encode(RGB, kind, icc_profile=P3))
    # half a level: the shortcut that 8-bit colours are allowed to take
    assert np.abs(pixels - p3_to_srgb(RGB / 255)).max() < 0.5 / 255
    assert notes == (P3_NOTE,)


def test_display_p3_with_16_bits_and_floats(tmp_path: Path) -> None:
    for data in (
        with_profile(imagecodecs.png_encode(DEEP), P3),
        tiff(DEEP, photometric="rgb", iccprofile=P3),
        tiff((DEEP / 65535).astype(np.float32), photometric="rgb", iccprofile=P3),
    ):
        pixels, notes = read(tmp_path, data)
        # a profile holds its matrix in steps of 1/65536, which the steep curve near black multiplies by 12.92
        assert np.abs(pixels - p3_to_srgb(DEEP / 65535)).max() < 0.25 / 255
        assert notes == (P3_NOTE,)


def test_a_known_colour(tmp_path: Path) -> None:
    # CSS Color 4's own test: color(display-p3 0.21604 0.49418 0.13151) is green, #008000
    pixel = np.rint(np.array([[[0.21604, 0.49418, 0.13151]]]) * 65535).astype(np.uint16)
    pixels, _ = read(tmp_path, tiff(pixel, photometric="rgb", iccprofile=P3))
    # five digits, times the curve's slope of 12.92 near black, are good for 0.03 levels; the profile for 0.25
    assert np.abs(pixels[0, 0] * 255 - [0, 128, 0]).max() < 0.3


@pytest.mark.parametrize(
    "icc",
    [
        matrix_profile("by hand", SRGB_PRIMARIES),
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
        imagecodecs.cms_profile("srgb"),
    ],
    ids=["by hand", "Pillow", "LittleCMS"],
)
def test_a_profile_that_means_srgb_changes_nothing(tmp_path: Path, icc: bytes) -> None:
    pixels, notes = read(tmp_path, encode(RGB, "PNG", icc_profile=icc))
    assert np.array_equal(pixels, eight_bits(RGB))
    assert notes == ()
    deep, notes = read(tmp_path, with_profile(imagecodecs.png_encode(DEEP), icc))
    assert np.array_equal(deep, DEEP.astype(np.float32) / np.float32(65535))
    assert notes == ()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_grey_profile(tmp_path: Path, dtype: type) -> None:
    top = np.iinfo(dtype).max
    grey = np.linspace(0, top, 256).astype(dtype).reshape(16, 16)
    pixels, notes = read(tmp_path, tiff(grey, iccprofile=gamma_profile("Gamma 1.8", 1.8)))
    expected = linear_to_srgb((grey / top) ** (round(1.8 * 256) / 256))  # as the profile stores the exponent
    assert np.abs(pixels - expected[..., None]).max() < 0.1 / 255  # float32 curves
    assert notes == ("ICC profile 'Gamma 1.8' converted to sRGB",)


def test_cmyk_profile(tmp_path: Path) -> None:
    inks = np.zeros((1, 4, 4), np.uint8)
    inks[0, 1:] = (0, 0, 0, 255), (255, 0, 0, 0), (0, 0, 0, 128)
    file = io.BytesIO()
    Image.fromarray(inks, "CMYK").save(file, "TIFF", icc_profile=press_profile("Grey press"))
    pixels, notes = read(tmp_path, file.getvalue())
    # the profile says L* = 100, 0, 66.7 and 49.8; CIE 1976 tells their luminance, the sRGB curve their value
    lightness = np.array([100, 0, 170 / 2.55, 127 / 2.55])
    expected = linear_to_srgb(np.where(lightness > 8, ((lightness + 16) / 116) ** 3, lightness / 903.3))
    assert np.abs(pixels[0] - expected[:, None]).max() < 0.2 / 255  # the profile's 8-bit table
    assert notes == ("ICC profile 'Grey press' converted to sRGB",)


def test_cmyk_without_a_profile(tmp_path: Path) -> None:
    inks = RNG.integers(0, 256, (9, 11, 4), dtype=np.uint8)
    expected = (1 - inks[..., :3] / 255) * (1 - inks[..., 3:] / 255)
    pixels, notes = read(tmp_path, tiff(inks, photometric="separated"))
    assert np.allclose(pixels, expected, rtol=0, atol=2e-7)  # roundings in float32
    assert notes == (
        "CMYK without a usable profile converted to RGB by the plain formula (1 - ink)(1 - black)",
    )
    flat = np.full((16, 16, 4), (51, 102, 0, 51), np.uint8)
    file = io.BytesIO()
    Image.fromarray(flat, "CMYK").save(file, "JPEG", quality=100, subsampling=0)
    # Adobe's JPEGs store inks inverted; quality 100 moves a flat ink by one level at most
    assert np.abs(read(tmp_path, file.getvalue())[0] - [0.64, 0.48, 0.8]).max() < 2 / 255


def test_the_profile_comes_before_the_background(tmp_path: Path) -> None:
    half = np.dstack([RGB, np.full(RGB.shape[:2], 51, np.uint8)])
    pixels, notes = read(tmp_path, encode(half, "PNG", icc_profile=P3), background="#336699")
    expected = p3_to_srgb(RGB / 255) * 0.2 + np.array([0.2, 0.4, 0.6]) * 0.8
    assert np.abs(pixels - expected).max() < 0.5 / 255
    assert notes == (P3_NOTE, "transparency composited on #336699")


@pytest.mark.parametrize("icc", [b"not a profile", P3[:100], P3[:200], P3[:16] + b"XYZ " + P3[20:]])
def test_a_damaged_profile_is_left_out_with_a_note(tmp_path: Path, icc: bytes) -> None:
    pixels, notes = read(tmp_path, encode(RGB, "PNG", icc_profile=icc))
    assert np.array_equal(pixels, eight_bits(RGB))
    assert len(notes) == 1
    assert notes[0].startswith("ICC profile ignored (")
    assert notes[0].endswith("): the colours were taken for sRGB")


def test_a_profile_for_another_kind_of_picture_is_left_out_with_a_note(tmp_path: Path) -> None:
    pixels, notes = read(tmp_path, encode(RGB, "PNG", mode="L", icc_profile=P3))
    assert np.array_equal(pixels, read(tmp_path, encode(RGB, "PNG", mode="L"))[0])
    assert notes == ("ICC profile ignored (for RGB in a grey picture): the colours were taken for sRGB",)


def test_a_profile_that_cannot_be_unpacked_is_left_out_with_a_note(tmp_path: Path) -> None:
    data = png(1, 1, 8, 0, b"\0\x80", extra=((b"iCCP", b"name\0\0not deflated"),))
    pixels, notes = read(tmp_path, data)
    assert np.array_equal(pixels, eight_bits(np.full((1, 1, 3), 128)))
    assert notes == ("damaged ICC profile ignored: the colours were taken for sRGB",)


@pytest.mark.parametrize(
    ("chunks", "note"),
    [
        ([(b"gAMA", 100000)], "gamma of 1 ignored"),
        ([(b"gAMA", 45455)], None),
        ([(b"gAMA", 45000)], None),
        ([(b"gAMA", 100000), (b"sRGB", 0)], None),
        ([(b"cICP", 0x090E0001)], "cICP colour description (9, 14, 0, 1) ignored"),
        ([(b"cICP", 0x010D0001)], None),
    ],
)
def test_colour_chunks_that_are_not_followed_are_noted(
    tmp_path: Path, chunks: list[tuple[bytes, int]], note: str | None
) -> None:
    extra = tuple((name, value.to_bytes(1 if name == b"sRGB" else 4, "big")) for name, value in chunks)
    pixels, notes = read(tmp_path, png(1, 1, 8, 0, b"\0\x80", extra=extra))
    assert np.array_equal(pixels, eight_bits(np.full((1, 1, 3), 128)))
    assert notes == (() if note is None else (f"{note}: the colours were taken for sRGB",))
