"""What read_picture makes of sound files: exact values, right way up, on the right background."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np
import pytest
import torch
from PIL import Image

from beholder.images import decode_picture, read_picture
from beholder.spec import PictureError, UsageError
from images.files import eight_bits, encode, exif, png, read, tiff

if TYPE_CHECKING:
    from pathlib import Path

RNG = np.random.default_rng(7)
RGB = RNG.integers(0, 256, (5, 7, 3), dtype=np.uint8)
DEEP = RNG.integers(0, 65536, (5, 7, 3), dtype=np.uint16)
LOSSLESS = ("PNG", "BMP", "TIFF", "WEBP")


def test_every_8_bit_value_is_divided_by_255_exactly(tmp_path: Path) -> None:
    values = np.arange(256, dtype=np.uint8).reshape(16, 16)
    expected = np.array([np.float32(v) / np.float32(255) for v in range(256)], np.float32).reshape(16, 16)
    pixels, notes = read(tmp_path, encode(np.dstack([values, values.T, values[::-1]]), "PNG"))
    assert np.array_equal(pixels, np.dstack([expected, expected.T, expected[::-1]]))
    assert notes == ()


@pytest.mark.parametrize("kind", LOSSLESS)
def test_formats_without_loss_give_equal_pixels(tmp_path: Path, kind: str) -> None:
    pixels, notes = read(tmp_path, encode(RGB, kind))
    assert np.array_equal(pixels, eight_bits(RGB))
    assert notes == ()


def test_jpeg_matches_its_decoder(tmp_path: Path) -> None:
    data = encode(RGB, "JPEG")
    pixels, notes = read(tmp_path, data)
    assert np.array_equal(pixels, eight_bits(np.asarray(Image.open(io.BytesIO(data)))))
    assert notes == ()


@pytest.mark.parametrize(
    "make",
    [
        lambda a: imagecodecs.png_encode(a),
        lambda a: tiff(a, photometric="rgb"),
        lambda a: tiff(a, photometric="rgb", byteorder=">"),
        lambda a: tiff(a, photometric="rgb", bigtiff=True),
        lambda a: tiff(a, photometric="rgb", compression="lzw", predictor=True),
        lambda a: tiff(a, photometric="rgb", compression="zlib", tile=(64, 64)),
        lambda a: tiff(a.transpose(2, 0, 1).copy(), photometric="rgb", planarconfig="separate"),
    ],
    ids=["png", "tiff", "big-endian", "bigtiff", "lzw", "tiles", "planes"],
)
def test_16_bit_colours_keep_all_their_bits(tmp_path: Path, make: Any) -> None:
    ramp = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    deep = np.dstack([ramp, ramp.T, ramp[::-1]])
    pixels, notes = read(tmp_path, make(deep))
    assert np.array_equal(pixels, deep.astype(np.float32) / np.float32(65535))
    assert notes == ()


def test_16_bit_grey_keeps_all_its_bits(tmp_path: Path) -> None:
    ramp = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    expected = np.repeat((ramp.astype(np.float32) / np.float32(65535))[..., None], 3, axis=2)
    for data in (imagecodecs.png_encode(ramp), tiff(ramp), encode(ramp, "TIFF")):
        assert np.array_equal(read(tmp_path, data)[0], expected)


@pytest.mark.parametrize(("depth", "packed", "levels"), [
    (1, 0b10110001, [1, 0, 1, 1, 0, 0, 0, 1]),
    (2, 0b00011011, [0, 1 / 3, 2 / 3, 1]),
    (4, 0x2F, [2 / 15, 1]),
])  # fmt: skip
def test_grey_of_few_bits(tmp_path: Path, depth: int, packed: int, levels: list[float]) -> None:
    pixels, _ = read(tmp_path, png(len(levels), 1, depth, 0, bytes([0, packed])))
    assert np.allclose(pixels, np.array(levels)[None, :, None], rtol=0, atol=1e-7)  # one rounding in float32


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP", "GIF"])
@pytest.mark.parametrize("mode", ["1", "L", "P"])
def test_grey_and_palette_pictures(tmp_path: Path, kind: str, mode: str) -> None:
    pixels, notes = read(tmp_path, encode(RGB, kind, mode=mode))
    assert np.array_equal(pixels, eight_bits(np.asarray(Image.fromarray(RGB).convert(mode).convert("RGB"))))
    assert notes == ()


def test_tiff_where_zero_is_white(tmp_path: Path) -> None:
    pixels, _ = read(tmp_path, tiff(DEEP[..., 0], photometric="miniswhite"))
    assert np.array_equal(pixels[..., 1], (65535 - DEEP[..., 0]).astype(np.float32) / np.float32(65535))
    group4 = encode(RGB, "TIFF", mode="1", compression="group4")
    assert np.array_equal(read(tmp_path, group4)[0][..., 0], np.asarray(Image.fromarray(RGB).convert("1")))


@pytest.mark.parametrize("scale", [1, 256, 257])
def test_tiff_palettes_of_all_scales(tmp_path: Path, scale: int) -> None:
    table = RNG.integers(0, 256, (3, 256)).astype(np.uint16)
    indices = RNG.integers(0, 256, (4, 6), dtype=np.uint8)
    pixels, _ = read(tmp_path, tiff(indices, photometric="palette", colormap=table * scale))
    assert np.array_equal(pixels, eight_bits(table.T[indices]))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_float_tiffs_in_range_are_kept(tmp_path: Path, dtype: type) -> None:
    values = RNG.random((4, 6, 3)).astype(dtype)
    values[0, 0] = 0, 1, 0.5
    pixels, _ = read(tmp_path, tiff(values, photometric="rgb"))
    assert np.array_equal(pixels, values.astype(np.float32))


@pytest.mark.parametrize(
    ("background", "colour"), [("white", 255), ("black", 0), ("#336699", (0x33, 0x66, 0x99))]
)
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_alpha_is_composited_on_encoded_values(
    tmp_path: Path, kind: str, background: str, colour: Any
) -> None:
    alpha = RNG.integers(0, 256, (5, 7, 1), dtype=np.uint8)
    pixels, notes = read(tmp_path, encode(np.dstack([RGB, alpha]), kind), background=background)
    opacity = alpha / 255
    expected = (RGB / 255) * opacity + (np.array(colour) / 255) * (1 - opacity)
    assert np.allclose(pixels, expected, rtol=0, atol=2e-7)  # three roundings in float32
    assert notes == (f"transparency composited on {background}",)


def test_16_bit_alpha_and_grey_alpha(tmp_path: Path) -> None:
    alpha = DEEP[..., :1]
    over_black = DEEP / 65535 * (alpha / 65535)
    for data in (
        imagecodecs.png_encode(np.dstack([DEEP, alpha])),
        tiff(np.dstack([DEEP, alpha]), photometric="rgb", extrasamples=["unassalpha"]),
    ):
        assert np.allclose(read(tmp_path, data, background="black")[0], over_black, rtol=0, atol=2e-7)
    grey = imagecodecs.png_encode(np.dstack([DEEP[..., 1], alpha]))
    assert np.allclose(read(tmp_path, grey, background="black")[0], over_black[..., 1:2], rtol=0, atol=2e-7)


def test_premultiplied_alpha_of_a_tiff_is_divided_out(tmp_path: Path) -> None:
    alpha = np.linspace(0, 65535, 35).astype(np.uint16).reshape(5, 7, 1)
    stored = np.rint(DEEP * (alpha / 65535)).astype(np.uint16)
    data = tiff(np.dstack([stored, alpha]), photometric="rgb", extrasamples=["assocalpha"])
    # compositing premultiplied values is an addition; the detour over 16-bit straight ones costs a level
    expected = stored / 65535 + 1 - alpha / 65535
    assert np.allclose(read(tmp_path, data)[0], expected, rtol=0, atol=1 / 65535)


def test_transparent_palette_entries(tmp_path: Path) -> None:
    table = ((b"PLTE", bytes([200, 100, 50, 10, 20, 30])), (b"tRNS", bytes([51])))
    pixels, notes = read(tmp_path, png(2, 1, 8, 3, bytes([0, 0, 1]), extra=table), background="black")
    assert np.allclose(pixels[0] * 255, [[40, 20, 10], [10, 20, 30]], rtol=0, atol=1e-4)  # 51 / 255 = 1 / 5
    assert notes == ("transparency composited on black",)
    gif = encode(np.zeros((4, 4), np.uint8), "GIF", transparency=0)
    assert np.array_equal(read(tmp_path, gif)[0], np.ones((4, 4, 3), np.float32))


def test_an_opaque_alpha_channel_changes_nothing(tmp_path: Path) -> None:
    opaque = np.dstack([RGB, np.full((5, 7), 255, np.uint8)])
    for kind in ("PNG", "TIFF", "WEBP"):
        pixels, notes = read(tmp_path, encode(opaque, kind), background="black")
        assert np.array_equal(pixels, eight_bits(RGB))
        assert notes == ()


@pytest.mark.parametrize("kind", ["PNG", "GIF", "WEBP", "TIFF"])
def test_the_first_of_several_frames_is_read(tmp_path: Path, kind: str) -> None:
    flat = [Image.new("RGB", (6, 4), colour) for colour in ("#102030", "#405060", "#708090")]
    file = io.BytesIO()
    flat[0].save(
        file, kind, save_all=True, append_images=flat[1:], **({"lossless": True} if kind == "WEBP" else {})
    )
    pixels, notes = read(tmp_path, file.getvalue())
    assert np.array_equal(pixels, np.broadcast_to(eight_bits(np.array([0x10, 0x20, 0x30])), (4, 6, 3)))
    assert notes == ("first of 3 pages" if kind == "TIFF" else "first of 3 frames",)


def test_the_first_picture_of_a_phone_s_mpo_is_read(tmp_path: Path) -> None:
    file = io.BytesIO()
    Image.fromarray(RGB).save(file, "MPO", save_all=True, append_images=[Image.fromarray(RGB[::-1].copy())])
    pixels, notes = read(tmp_path, file.getvalue())
    assert np.array_equal(pixels, read(tmp_path, encode(RGB, "JPEG"))[0])
    assert notes == ("first picture of a multi-picture JPEG",)


@pytest.mark.parametrize("kind", [*LOSSLESS, "GIF", "JPEG"])
def test_a_single_pixel(tmp_path: Path, kind: str) -> None:
    pixels, _ = read(tmp_path, encode(np.full((1, 1, 3), 128, np.uint8), kind))
    assert np.array_equal(pixels, np.full((1, 1, 3), np.float32(128) / np.float32(255)))


def test_pictures_are_recognised_by_content_and_read_from_a_string_path(tmp_path: Path) -> None:
    path = tmp_path / "actually_a_jpeg.png"
    path.write_bytes(encode(RGB, "JPEG"))
    assert torch.equal(read_picture(str(path)).pixels, read_picture(path).pixels)


@pytest.mark.parametrize("background", ["whitish", "#12", "", "#11223344", "rgba(0, 0, 0, 0)"])
def test_an_impossible_background_is_refused_before_the_file_is_looked_at(background: str) -> None:
    with pytest.raises(UsageError, match="background"):
        read_picture("missing.png", background=background)


def test_a_file_in_memory_is_decoded_as_one_on_a_disk(tmp_path: Path) -> None:
    file = tmp_path / "turned.png"
    pixels = np.arange(7 * 5 * 4, dtype=np.uint8).reshape(7, 5, 4)
    file.write_bytes(encode(pixels, "PNG", exif=b"Exif\0\0" + exif(6)))
    expected = read_picture(file, background="black")
    decoded = decode_picture(file.read_bytes(), "turned", background="black")
    assert torch.equal(decoded.pixels, expected.pixels)
    assert decoded.notes == expected.notes


@pytest.mark.parametrize("data", [b"", b"nonsense", encode(np.zeros((9, 9, 3), np.uint8), "PNG")[:-20]])
def test_what_is_wrong_in_memory_is_told_by_its_name(data: bytes) -> None:
    with pytest.raises(PictureError, match=r"^upload: found "):
        decode_picture(data, "upload")
