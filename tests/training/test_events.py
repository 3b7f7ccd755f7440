"""What TensorBoard reads of a run, also of one that was broken off."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from beholder.images import read_picture, save_picture
from beholder.training.events import Events


def read(folder: Path) -> EventAccumulator:
    found = EventAccumulator(str(folder), size_guidance={"scalars": 0, "images": 0})
    found.Reload()
    return found


def test_numbers_and_pictures(tmp_path: Path) -> None:
    picture = torch.rand(3, 5, 9)
    save_picture(picture, tmp_path / "grid.png")
    events = Events(tmp_path, 0)
    events.add_numbers(50, {"train/total": 0.25, "train/pixels": 0.125})
    events.add_numbers(100, {"train/total": 0.5})
    events.add_picture(100, "validation", tmp_path / "grid.png")
    found = read(tmp_path)
    assert found.Tags()["scalars"] == ["train/total", "train/pixels"]
    assert [(each.step, each.value) for each in found.Scalars("train/total")] == [(50, 0.25), (100, 0.5)]
    (image,) = found.Images("validation")
    assert (image.step, image.height, image.width) == (100, 5, 9)
    shown = torch.tensor(list(Image.open(io.BytesIO(image.encoded_image_string)).tobytes())).view(5, 9, 3)
    saved = read_picture(tmp_path / "grid.png").pixels
    assert torch.equal(shown.permute(2, 0, 1), (saved * 255).round().long())


@pytest.mark.parametrize("cut", [0, 7])
def test_steps_that_are_taken_again_are_shown_once(tmp_path: Path, cut: int) -> None:
    first = Events(tmp_path, 0)
    for step in (50, 100, 150):
        first.add_numbers(step, {"train/total": 1.0})
    left = first.file.read_bytes()
    first.file.write_bytes(left[: len(left) - cut])  # as a power cut may leave it
    again = Events(tmp_path, 70)
    for step in (100, 150, 200):
        again.add_numbers(step, {"train/total": 2.0})
    seen = [(each.step, each.value) for each in read(tmp_path).Scalars("train/total")]
    assert seen == [(50, 1.0), (100, 2.0), (150, 2.0), (200, 2.0)]


def test_a_run_is_loaded_without_tensorboard() -> None:
    check = "import sys; import beholder.training.events; assert 'tensorboard' not in sys.modules"
    subprocess.run([sys.executable, "-c", check], check=True)
