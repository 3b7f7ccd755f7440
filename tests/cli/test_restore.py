"""`beholder restore`, as a user calls it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from beholder.catalog import create_network
from beholder.data.photos import PHOTOS
from beholder.images import read_picture, save_picture
from beholder.training.model_file import save_model
from beholder.training.reading import read_recipe
from beholder.training.shipped import find_recipe
from cli.conftest import Run


@pytest.fixture
def model(tmp_path: Path) -> Path:
    recipe = read_recipe(find_recipe("sr-x2"), ["data.train=x", "network=compact:scale=2:width=8:blocks=1"])
    path = tmp_path / "model.safetensors"
    save_model(
        create_network(recipe.network), recipe, path, step=1, scores={"psnr": 20.0}, before={"psnr": 19.0}
    )
    return path


def test_models_are_listed_with_what_they_are_worth(run: Run) -> None:
    listed = run("models")
    assert "deblock-l8-q10-both" in listed.stdout
    assert "psnr 26.76 (25.73)" in listed.stdout


def test_what_could_not_be_saved_is_not_shown_as_restored(
    run: Run, model: Path, pictures: Path, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "sub").write_text("no folder")
    done = run("restore", "model.safetensors", "in", "out", "--report", "page.html")
    assert done.returncode == 1
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "in/one.png → out/one.png" in page
    assert "in/sub/two.jpg → out/sub/two.png" not in page


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    save_picture(PHOTOS[0].detail(48), folder / "one.png")
    exif = Image.Exif()
    exif[0x010E] = "a description"
    exif[0x0112] = 6
    Image.fromarray(np.zeros((20, 30, 3), np.uint8)).save(folder / "sub" / "two.jpg", exif=exif)
    return folder


def test_a_folder(run: Run, model: Path, pictures: Path, tmp_path: Path) -> None:
    (pictures / "broken.png").write_bytes(b"no picture")
    done = run("restore", "model.safetensors", "in", "out")
    assert done.returncode == 1
    assert "broken.png" in done.stderr
    assert "wrote 2 of 3 pictures to out" in done.stderr
    restored = read_picture(tmp_path / "out" / "one.png").pixels
    assert restored.shape == (3, 96, 96)
    with Image.open(tmp_path / "out" / "sub" / "two.png") as picture:
        assert picture.size == (40, 60)  # turned upright, twice the size
        assert dict(picture.getexif()) == {0x010E: "a description"}
    again = run("restore", "model.safetensors", "in", "out")
    assert again.returncode == 2
    assert "is there already" in again.stderr


def test_a_page_shows_before_and_after(run: Run, model: Path, pictures: Path, tmp_path: Path) -> None:
    (pictures / "broken.png").write_bytes(b"no picture")
    done = run("restore", "model.safetensors", "in", "out", "--report", "page.html", "-q")
    assert done.returncode == 1
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.count("data:image/webp;base64,") == 4
    assert "in/one.png → out/one.png" in page
    assert "48 × 48 pixels, restored to 96 × 96." in page
    assert "enlarged 2 times without smoothing" in page
    assert "turned upright, from EXIF orientation 6" in page
    assert "in/broken.png: found a text file" in page
    assert "compact:scale=2:width=8:blocks=1" in page
    assert hashlib.sha256(model.read_bytes()).hexdigest() in page


@pytest.mark.parametrize("space", ["rgb", "lab"])
def test_colours_are_matched(run: Run, model: Path, pictures: Path, tmp_path: Path, space: str) -> None:
    done = run("restore", "model.safetensors", "in/one.png", "one.png", "--match-histogram", space)
    assert done.returncode == 0, done.stderr
    means = [read_picture(path).pixels.mean((1, 2)) for path in (tmp_path / "one.png", pictures / "one.png")]
    assert (means[0] - means[1]).abs().max() < 0.01


def test_a_folder_of_a_models_name_does_not_hide_the_model(run: Run, pictures: Path, tmp_path: Path) -> None:
    (tmp_path / "deblock").mkdir()
    done = run("restore", "deblock", "in/one.png", "deblock/one.png")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "deblock" / "one.png").is_file()


def test_a_self_ensemble_is_the_mean_of_eight(run: Run, model: Path, pictures: Path, tmp_path: Path) -> None:
    for name, options in (("once", []), ("ensemble", ["--self-ensemble", "--report", "page.html"])):
        done = run("restore", "model.safetensors", "in/one.png", f"{name}.png", *options)
        assert done.returncode == 0, done.stderr
    once, ensemble = (read_picture(tmp_path / f"{name}.png").pixels for name in ("once", "ensemble"))
    assert once.shape == ensemble.shape
    assert 0 < (once - ensemble).abs().mean() < 0.02
    assert "mean of eight positions" in (tmp_path / "page.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["model.safetensors", "in/one.png", "in/one.png"], "is there already"),
        (["model.safetensors", "in/one.png", "one.png", "--report", "page.txt"], "expected .html or .htm"),
        (["model.safetensors", "in/one.png", "one.gif"], "cannot write .gif"),
        (["model.safetensors", "in", "in"], "is where the pictures are"),
        (["in", "in/one.png", "out.png"], "is a folder; expected a file, such as in/model.safetensors"),
        (["model.safetensors", "in/one.png", "out.png", "--device", "cuda:9"], "this machine has cpu"),
        (["in/one.png", "in/one.png", "out.png"], "cannot be read as a model"),
        (["none.safetensors", "in/one.png", "out.png"], "cannot be read as a model"),
        (
            ["model.safetensors", "in/one.png", "out.png", "--match-histogram", "hsv"],
            "expected one of none, rgb, lab",
        ),
    ],
)
def test_impossible_requests_are_refused(
    run: Run, model: Path, pictures: Path, arguments: list[str], message: str
) -> None:
    done = run("restore", *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
