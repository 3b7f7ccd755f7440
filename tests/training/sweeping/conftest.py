"""A sweep of moments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from beholder.settings import read_settings
from beholder.training.recipe import Recipe
from beholder.training.sweeping import Sweep
from training.conftest import write_recipe_with_photographs

RECIPE = """title: Take noise out
network: compact:width=8:blocks=1
data: {{train: {photographs}, degradation: "noise:sigma=0.1", patch: 16, workers: 0}}
loss: {{terms: {{pixels: l1, structure: gmsd}}}}
steps: 4
batch: 2
average: 0
optimiser: {{rate: 0.005}}
validation: {{every: 2, metrics: [psnr], pictures: 1, shown: 0}}
checkpoint: 1
"""

MakePlan = Callable[..., Sweep]


@pytest.fixture(scope="session")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    folder = tmp_path_factory.mktemp("sweeping")
    return read_settings(write_recipe_with_photographs(folder, RECIPE, count=2, side=64), kind=Recipe)


@pytest.fixture
def make_plan(recipe: Recipe) -> MakePlan:
    """A sweep of the weight of one term, but for what is given."""

    def make(**given: Any) -> Sweep:
        told = {
            "name": "weights",
            "recipe": recipe,
            "over": {"loss.weights.structure": "0.01:10:log"},
            "objectives": ("psnr", "gmsd"),
            "trials": 6,
            "balances": False,
            "prune": False,
        }
        return Sweep(**(told | given))

    return make
