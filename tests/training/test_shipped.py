"""Every recipe of the package runs as shipped, for two steps."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from beholder.data.photos import PHOTOS
from beholder.images import save_picture
from beholder.spec import UsageError
from beholder.training.model_file import load_model
from beholder.training.reading import read_recipe
from beholder.training.run import train
from beholder.training.shipped import find_recipe, shipped_recipes


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photographs")
    for photo in PHOTOS[:2]:
        save_picture(photo.detail(96), folder / f"{photo.name}.png")
    return folder


@pytest.mark.parametrize("name", shipped_recipes())
def test_it_runs(name: str, photographs: Path, tmp_path: Path) -> None:
    few = ["steps=2", "batch=2", "data.workers=0", "validation.pictures=1", "validation.shown=0"]
    given = [f"data.train={photographs}", *few]
    if name == "style":
        given += [f"loss.against.style={next(photographs.iterdir())}"]
    recipe = read_recipe(find_recipe(name), given)
    small = recipe.data.patch // (3 if recipe.data.patch % 9 == 0 else 2 if recipe.data.patch < 192 else 4)
    recipe = read_recipe(find_recipe(name), [*given, f"data.patch={small}"])
    network, told = load_model(train(recipe, tmp_path / "run"))
    assert told["network"] == recipe.network
    assert set(told["scores"]) == set(recipe.validation.metrics)
    assert torch.rand(1, 3, 20, 30).shape[-1] * network.scale == network(torch.rand(1, 3, 20, 30)).shape[-1]


def test_names_and_files() -> None:
    assert find_recipe("deblock") == shipped_recipes()["deblock"]
    assert find_recipe("mine.yaml") == Path("mine.yaml")
    with pytest.raises(UsageError, match=r"there is no recipe 'deblok'\. Did you mean deblock"):
        find_recipe("deblok")
    with pytest.raises(UsageError, match=r"data\.train is missing; give it .* data\.train=VALUE"):
        read_recipe(find_recipe("deblock"))
