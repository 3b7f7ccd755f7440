"""`beholder degrade`, as a user calls it."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from beholder.data.photos import PHOTOS
from beholder.images import save_picture
from cli.conftest import Run


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    save_picture(PHOTOS[0].detail(48), folder / "one.png")
    save_picture(PHOTOS[1].detail(50), folder / "sub" / "two.png")
    return folder


def read(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def test_a_folder_of_jpegs(run: Run, pictures: Path, tmp_path: Path) -> None:
    done = run("degrade", "jpeg:quality=10", "in", "out")
    assert done.returncode == 0, done.stderr
    assert "wrote 2 of 2 pictures to out" in done.stderr
    for name in ("one.png", "sub/two.png"):
        file = io.BytesIO()
        Image.fromarray(read(pictures / name)).save(file, "JPEG", quality=10)
        assert (read(tmp_path / "out" / name) == np.asarray(Image.open(file))).all()


def test_shrinking_tells_what_it_leaves_out(run: Run, pictures: Path, tmp_path: Path) -> None:
    done = run("degrade", "shrink:scale=4", "in", "out")
    assert done.returncode == 0, done.stderr
    assert "two.png: its last 2 rows and 2 columns are left out; cut it to 48x48" in " ".join(
        done.stderr.split()
    )
    assert "one.png: its last" not in done.stderr
    assert read(tmp_path / "out" / "sub" / "two.png").shape == (12, 12, 3)


def test_what_is_drawn_depends_on_the_seed(run: Run, pictures: Path, tmp_path: Path) -> None:
    for name, seed in (("a.png", "1"), ("b.png", "1"), ("c.png", "2")):
        assert run("degrade", "noise:sigma=0..0.2", "in/one.png", name, "--seed", seed).returncode == 0
    a, b, c = (read(tmp_path / name) for name in ("a.png", "b.png", "c.png"))
    assert (a == b).all()
    assert (a != c).any()


def test_what_cannot_be_spoilt_fails_alone(run: Run, pictures: Path) -> None:
    (pictures / "broken.png").write_bytes(b"no picture")
    save_picture(PHOTOS[0].detail(3), pictures / "tiny.png")
    done = run("degrade", "shrink:scale=4", "in", "out")
    assert done.returncode == 1
    assert "broken.png" in done.stderr
    assert "tiny.png: the picture is 3x3" in done.stderr
    assert "wrote 2 of 4" in done.stderr
    missing = run("degrade", "jpeg:quality=10", "nowhere", "out2")
    assert missing.returncode == 2
    assert "nowhere: is not there; expected a picture, or a folder of them" in missing.stderr
    assert "there is no degradation 'jpg'" in run("degrade", "jpg", "in", "other").stderr
