"""The demo's table of restored JPEGs, with models that do something known."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from beholder.catalog import create_network
from beholder.cli.demo_restoring import INPUT, MODELS, ORIGINAL, restore_jpegs
from beholder.data.degradations import compress_jpeg
from beholder.data.photos import PHOTOS
from beholder.images import read_picture, save_picture
from beholder.training.model_file import save_model
from beholder.training.reading import read_recipe
from beholder.training.shipped import find_recipe


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for photo in PHOTOS[:2]:
        detail = photo.detail(64)
        spoilt = tmp_path / "distorted" / photo.name
        spoilt.mkdir(parents=True)
        (tmp_path / "reference").mkdir(exist_ok=True)
        save_picture(detail, tmp_path / "reference" / f"{photo.name}.png")
        (spoilt / "jpeg-quality-10.jpg").write_bytes(compress_jpeg(detail, 10))
    return tmp_path


def model(folder: Path, shift: float) -> Path:
    """A model that gives back its input, lighter by a constant."""
    recipe = read_recipe(find_recipe("deblock"), ["data.train=x", "network=compact:width=4:blocks=1"])
    network = create_network(recipe.network)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
        network.get_parameter("tail.bias").fill_(shift)
    path = folder / f"{shift}.safetensors"
    save_model(network, recipe, path, step=7, scores={}, before={})
    return path


def test_rows_are_the_input_and_each_model(folder: Path) -> None:
    models = {"deblock-l8-q10": model(folder, 0), "deblock": model(folder, 0.2)}
    gains, page, told = restore_jpegs(folder, models, ["psnr", "mae"])
    assert [name for name, _ in gains.rows] == [INPUT, "pretrained", "deblock"]
    unchanged, same, lighter = (scores for _, scores in gains.rows)
    assert same == pytest.approx(unchanged)
    assert lighter[1] > 0.1
    expected = [
        (
            read_picture(folder / "reference" / f"{photo.name}.png").pixels
            - read_picture(folder / "distorted" / photo.name / "jpeg-quality-10.jpg").pixels
        )
        .square()
        .mean()
        for photo in PHOTOS[:2]
    ]
    assert unchanged[0] == pytest.approx(float(-10 * torch.stack(expected).log10().mean()), abs=1e-4)
    assert [title for title, _ in page.shown[0].versions] == [INPUT, ORIGINAL, "pretrained", "deblock"]
    assert told["deblock"] == "deblock: compact:width=4:blocks=1, 7 steps"
    assert (folder / "restored" / "deblock" / f"{PHOTOS[1].name}.png").exists()


def test_every_model_has_its_own_title() -> None:
    assert len(set(MODELS.values()) | {INPUT, ORIGINAL}) == len(MODELS) + 2
