"""Each distinct picture once, faithfully, within the budget."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from beholder.images import read_picture
from beholder.reports.embed import PairFiles, fill_album, map_uri, picture_uri
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


def pair(row: int, reference: Path, distorted: Path, **maps: Path) -> PairFiles:
    return PairFiles(row, reference, distorted, maps)


def noise(path: Path, seed: int, side: int = 32) -> Path:
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    return saved(path, Image.fromarray(pixels))


def test_each_distinct_file_is_embedded_once(tmp_path: Path) -> None:
    reference, other = noise(tmp_path / "r.png", 0), noise(tmp_path / "a.png", 1)
    twin = tmp_path / "twin.png"
    twin.write_bytes(reference.read_bytes())
    album = fill_album(
        [pair(0, reference, other), pair(1, reference, twin), pair(2, other, reference)], 10**6
    )
    assert len(album.uris) == len(set(album.uris)) == 2
    places = [(each.reference, each.distorted) for each in album.exhibits.values()]
    assert places == [(0, 1), (0, 0), (1, 0)]
    assert not album.full


def test_the_budget_is_obeyed_and_ends_the_album(tmp_path: Path) -> None:
    reference = noise(tmp_path / "r.png", 0)
    pairs = [pair(row, reference, noise(tmp_path / f"{row}.png", row + 1)) for row in range(6)]
    one = len(picture_uri(reference))
    album = fill_album(pairs, int(3.5 * one))
    assert list(album.exhibits) == [0, 1]
    assert album.full
    assert sum(map(len, album.uris)) <= 3.5 * one


def test_a_pair_is_embedded_whole_or_not_at_all(tmp_path: Path) -> None:
    reference, distorted, drawn = (noise(tmp_path / f"{place}.png", place) for place in range(3))
    pictures = len(picture_uri(reference)) + len(picture_uri(distorted))
    pairs = [pair(0, reference, distorted, ssim=drawn)]
    assert fill_album(pairs, pictures).uris == []
    album = fill_album(pairs, pictures + len(map_uri(drawn)))
    assert album.exhibits[0].maps.keys() == {"ssim"}


def test_a_pair_larger_than_the_whole_budget_is_passed_over_and_told(tmp_path: Path) -> None:
    large, small = noise(tmp_path / "large.png", 0, 256), noise(tmp_path / "small.png", 1)
    album = fill_album([pair(0, large, small), pair(1, small, small)], len(picture_uri(small)))
    assert list(album.exhibits) == [1]
    assert "budget" in album.left_out[0]
    assert not album.full


def test_an_unreadable_pair_says_why(tmp_path: Path) -> None:
    small = noise(tmp_path / "small.png", 1)
    album = fill_album([pair(7, small, tmp_path / "gone.png"), pair(8, small, small)], 10**6)
    assert list(album.exhibits) == [8]
    assert "gone.png" in album.left_out[7]
