"""Every picture as it was scored."""

from __future__ import annotations

import base64
import io
import os
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image, ImageCms

from beholder.images import read_picture
from beholder.reports.embed import map_uri, picture_uri, pixels_uri
from beholder.spec import PictureError

if TYPE_CHECKING:
    from pathlib import Path

PHOTO = Image.effect_mandelbrot((48, 32), (-2, -1.2, 1, 1.2), 60).convert("RGB")


def content(uri: str) -> bytes:
    return base64.b64decode(uri.partition(";base64,")[2])


def shown(uri: str) -> np.ndarray:
    with Image.open(io.BytesIO(content(uri))) as image:
        return np.asarray(image.convert("RGB"))


def saved(path: Path, image: Image.Image = PHOTO, **options: Any) -> Path:
    image.save(path, **options)
    return path


@pytest.mark.parametrize(
    ("form", "mode", "media_type"),
    [
        ("PNG", "RGB", "image/png"),
        ("PNG", "L", "image/png"),
        ("PNG", "P", "image/png"),
        ("PNG", "1", "image/png"),
        ("PNG", "RGBA", "image/png"),
        ("JPEG", "RGB", "image/jpeg"),
        ("WEBP", "RGB", "image/webp"),
        ("GIF", "P", "image/gif"),
        ("BMP", "RGB", "image/bmp"),
    ],
)
def test_what_a_browser_shows_is_embedded_byte_for_byte(
    tmp_path: Path, form: str, mode: str, media_type: str
) -> None:
    path = saved(tmp_path / "misnamed.tif", PHOTO.convert(mode), format=form)
    uri = picture_uri(path)
    assert uri.startswith(f"data:{media_type};base64,")
    assert content(uri) == path.read_bytes()


def write_16_bit_png(path: Path) -> None:
    Image.fromarray(np.linspace(0, 65535, 48 * 32).reshape(32, 48).astype(np.uint16)).save(path, format="PNG")


def write_tiff(path: Path) -> None:
    tifffile.imwrite(path, np.asarray(PHOTO), photometric="rgb")


def write_cmyk_jpeg(path: Path) -> None:
    PHOTO.convert("CMYK").save(path, format="JPEG", quality=95)


def write_turned_png(path: Path) -> None:
    exif = Image.Exif()
    exif[274] = 6
    PHOTO.save(path, format="PNG", exif=exif)


def write_lab_profile_png(path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    PHOTO.save(path, format="PNG", icc_profile=profile)


@pytest.mark.parametrize(
    "write", [write_16_bit_png, write_tiff, write_cmyk_jpeg, write_turned_png, write_lab_profile_png]
)
def test_other_pictures_are_shown_as_they_were_scored(tmp_path: Path, write: Any) -> None:
    write(tmp_path / "picture.png")
    uri = picture_uri(tmp_path / "picture.png")
    assert uri.startswith("data:image/webp;base64,")
    scored = read_picture(tmp_path / "picture.png").pixels.permute(1, 2, 0).numpy()
    np.testing.assert_allclose(shown(uri) / 255.0, scored, atol=0.5 / 255 + 1e-6)


def test_an_srgb_profile_needs_no_conversion(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    path = saved(tmp_path / "a.jpg", icc_profile=profile)
    assert content(picture_uri(path)) == path.read_bytes()


def test_transparent_pictures_are_converted_on_the_background_that_was_scored(tmp_path: Path) -> None:
    clear = np.zeros((4, 4, 4), dtype=np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", clear, photometric="rgb", extrasamples=["unassalpha"])
    assert shown(picture_uri(tmp_path / "a.tif", background="#ff0000"))[0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize("damage", ["missing", "cut", "text"])
def test_files_that_cannot_be_read_whole_are_refused(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "a.png"
    if damage == "cut":
        saved(path)
        path.write_bytes(path.read_bytes()[:-200])
    elif damage == "text":
        path.write_text("not a picture")
    with pytest.raises(PictureError, match=r"a\.png"):
        picture_uri(path)


def test_maps_are_compressed(tmp_path: Path) -> None:
    path = saved(tmp_path / "map.png", Image.effect_noise((256, 256), 60).convert("RGB"))
    uri = map_uri(path)
    assert uri.startswith("data:image/webp;")
    assert len(uri) < path.stat().st_size / 2
    with pytest.raises(PictureError, match="heat map"):
        map_uri(tmp_path / "missing.png")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(PictureError, match="a pipe or a device"):
        picture_uri(tmp_path / "pipe.png")


def test_the_limit_of_pixels_is_that_of_the_run(tmp_path: Path) -> None:
    write_tiff(tmp_path / "a.tif")
    assert picture_uri(tmp_path / "a.tif", max_pixels=48 * 32)
    with pytest.raises(PictureError, match="expected at most 1535"):
        picture_uri(tmp_path / "a.tif", max_pixels=48 * 32 - 1)


@pytest.mark.parametrize(("width", "form"), [(20, "webp"), (16384, "png")])
def test_pixels_come_back_whatever_their_number(width: int, form: str) -> None:
    pixels = torch.linspace(0, 1, 3 * width).view(3, 1, width)
    uri = pixels_uri(pixels)
    assert uri.startswith(f"data:image/{form};")
    np.testing.assert_allclose(shown(uri) / 255, pixels.permute(1, 2, 0).numpy(), atol=0.5 / 255 + 1e-6)
