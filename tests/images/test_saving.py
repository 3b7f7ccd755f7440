"""Pictures written by save_picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image

from beholder.images import eight_bit, means_srgb, read_picture, save_picture
from beholder.spec import PictureError, ShapeError, UsageError
from images.profiles import P3_PRIMARIES, matrix_profile

if TYPE_CHECKING:
    from pathlib import Path

LEVELS = torch.arange(256, dtype=torch.float32).view(1, 16, 16).repeat(3, 1, 1)


@pytest.mark.parametrize("ending", ["png", "PNG", "bmp", "tif", "tiff", "webp"])
def test_every_8_bit_value_comes_back(tmp_path: Path, ending: str) -> None:
    pixels = torch.stack([LEVELS[0], LEVELS[0].T, LEVELS[0].flip(0)]) / 255
    save_picture(pixels, tmp_path / f"picture.{ending}")
    assert torch.equal(read_picture(tmp_path / f"picture.{ending}").pixels, pixels)


def test_jpeg_is_close(tmp_path: Path) -> None:
    smooth = torch.linspace(0, 1, 64).expand(3, 64, 64)
    save_picture(smooth, tmp_path / "picture.jpg")
    # quality 95 quantises low frequencies in steps of one or two levels
    assert (read_picture(tmp_path / "picture.jpg").pixels - smooth).abs().max() < 3 / 255


@pytest.mark.parametrize("part", [-0.49, -0.3, 0.3, 0.49])
def test_values_are_rounded_and_not_cut(tmp_path: Path, part: float) -> None:
    save_picture((LEVELS + part) / 255, tmp_path / "picture.png")
    stored = np.asarray(Image.open(tmp_path / "picture.png"))
    assert np.array_equal(stored[..., 1], np.arange(256).reshape(16, 16))


def test_values_beyond_the_range_are_clamped(tmp_path: Path) -> None:
    pixels = torch.tensor([-1e9, -0.1, 1.1, float("inf")]).view(1, 1, 4).expand(3, 1, 4)
    save_picture(pixels, tmp_path / "picture.png")
    assert np.asarray(Image.open(tmp_path / "picture.png"))[0, :, 0].tolist() == [0, 0, 255, 255]


def test_channels_stay_in_order_and_gradients_and_halves_are_no_hindrance(tmp_path: Path) -> None:
    pixels = torch.tensor([1.0, 0.5, 0.0], dtype=torch.float16).view(3, 1, 1).requires_grad_()
    save_picture(pixels, str(tmp_path / "picture.png"))
    assert Image.open(tmp_path / "picture.png").getpixel((0, 0)) == (255, 128, 0)


@pytest.mark.parametrize(
    "pixels",
    [
        torch.zeros(1, 3, 4, 4),
        torch.zeros(1, 4, 4),
        torch.zeros(3, 0, 4),
        torch.zeros(3, 4, 4, dtype=torch.int32),
        torch.full((3, 2, 2), float("nan")),
    ],
)
def test_other_tensors_are_refused(tmp_path: Path, pixels: torch.Tensor) -> None:
    with pytest.raises(ShapeError, match=r"picture\.png: found .*; expected"):
        save_picture(pixels, tmp_path / "picture.png")
    assert not (tmp_path / "picture.png").exists()


@pytest.mark.parametrize("name", ["picture", "picture.gif", "picture.psd"])
def test_other_endings_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"cannot write .*expected one of \.bmp"):
        save_picture(LEVELS / 255, tmp_path / name)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match=r"could not be written .* check that the folder exists"):
        save_picture(LEVELS / 255, tmp_path / "gone" / "picture.png")


def test_a_picture_too_wide_for_its_format_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="could not be written"):
        save_picture(torch.zeros(3, 1, 70000), tmp_path / "picture.jpg")
    assert list(tmp_path.iterdir()) == []


def test_eight_bits_are_laid_out_as_pillow_takes_them() -> None:
    levels = eight_bit((LEVELS[:, :2] + 0.4) / 255)
    assert levels.shape == (2, 16, 3)
    assert levels.dtype == np.uint8
    assert levels.flags.c_contiguous
    assert levels[..., 0].flatten().tolist() == list(range(32))


def test_what_another_file_tells_is_kept_as_far_as_it_holds(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = "a description", 6
    exif.get_ifd(0x8769).update({0x829A: 0.01, 0xA001: 65535, 0xA002: 8, 0xA003: 8})
    profile = matrix_profile("Display P3", P3_PRIMARIES)
    Image.fromarray(np.full((8, 8, 3), 200, np.uint8)).save(
        tmp_path / "a.jpg", exif=exif, icc_profile=profile
    )
    pixels = torch.full((3, 16, 16), 0.25)
    save_picture(pixels, tmp_path / "b.png", like=tmp_path / "a.jpg")
    save_picture(pixels, tmp_path / "c.png", like=tmp_path / "a.jpg")
    assert (tmp_path / "b.png").read_bytes() == (tmp_path / "c.png").read_bytes()
    with Image.open(tmp_path / "b.png") as picture:
        told = picture.getexif()
        assert told[0x010E] == "a description"
        assert 0x0112 not in told
        assert dict(told.get_ifd(0x8769)) == {0x829A: 0.01, 0xA001: 1}
        assert means_srgb(picture.info["icc_profile"])
    assert torch.equal(read_picture(tmp_path / "b.png").pixels, (pixels * 255).round() / 255)
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / "plain.png")
    save_picture(pixels, tmp_path / "d.png", like=tmp_path / "plain.png")
    with Image.open(tmp_path / "d.png") as picture:
        assert "icc_profile" not in picture.info


LAYOUTS: dict[str, dict[str, Any]] = {
    "tiled": {"tile": (16, 16)},
    "predicted": {"compression": "lzw", "predictor": True},
    "planar": {"planarconfig": "separate"},
    "of 16 bits": {"dtype": np.uint16},
    "of floating point": {"dtype": np.float32},
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("ending", ["tif", "png"])
def test_the_layout_of_a_tiff_is_not_kept(tmp_path: Path, layout: str, ending: str) -> None:
    options = {**LAYOUTS[layout]}
    samples = np.zeros((32, 48, 3), options.pop("dtype", np.uint8))
    if "planarconfig" in options:
        samples = samples.transpose(2, 0, 1)
    tifffile.imwrite(tmp_path / "a.tif", samples, photometric="rgb", description="words", **options)
    save_picture(LEVELS.byte(), tmp_path / f"b.{ending}", like=tmp_path / "a.tif")
    assert torch.equal((read_picture(tmp_path / f"b.{ending}").pixels * 255).round(), LEVELS)
    if layout != "of floating point":
        with Image.open(tmp_path / f"b.{ending}") as picture:
            assert picture.getexif()[0x010E] == "words"


def test_a_tiff_tells_what_a_camera_told(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x829A] = 0.01
    exif.get_ifd(0x8825)[1] = "N"
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / "a.jpg", exif=exif)
    save_picture(LEVELS.byte(), tmp_path / "b.tif", like=tmp_path / "a.jpg")
    assert torch.equal((read_picture(tmp_path / "b.tif").pixels * 255).round(), LEVELS)
    with Image.open(tmp_path / "b.tif") as picture:
        told = picture.getexif()
        assert dict(told.get_ifd(0x8769)) == {0x829A: 0.01}
        assert dict(told.get_ifd(0x8825)) == {1: "N"}


def test_what_a_large_picture_tells_is_kept_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    save_picture(LEVELS.byte(), tmp_path / "b.png", like=tmp_path / "a.png")
    assert (tmp_path / "b.png").exists()
