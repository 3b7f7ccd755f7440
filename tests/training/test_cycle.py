"""Training without pairs: a network there, one back, and their discriminators."""

from __future__ import annotations

from operator import attrgetter
from pathlib import Path

import pytest
import torch
from lightning_fabric import Fabric
from torch import Tensor

from beholder.spec import UsageError
from beholder.training.folder import RunFolder
from beholder.training.learner import Learner
from beholder.training.reading import read_recipe
from beholder.training.recipe import Recipe
from beholder.training.run import Progress, train
from training.conftest import train_in_two_processes, write_recipe_with_photographs

RECIPE = """title: Take noise out without pairs
network: compact:width=8:blocks=1
data: {{train: {photographs}, degradation: "noise:sigma=0.1", patch: 24, unpaired: true, workers: 0}}
loss: {{terms: {{}}}}
adversary: {{discriminator: "patchgan:width=4", kind: least_squares, weight: 0.7}}
cycle: {{weight: 10, identity: 5}}
steps: 12
batch: 2
average: 0.9
optimiser: {{rate: 0.002, betas: [0.5, 0.999]}}
validation: {{every: 12, metrics: [psnr], select: last, shown: 0}}
checkpoint: 4
"""


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_recipe_with_photographs(tmp_path_factory.mktemp("cycle"), RECIPE, count=3, side=64)


@pytest.fixture
def recipe(path: Path) -> Recipe:
    return read_recipe(path)


def weights(folder: Path) -> dict[str, Tensor]:
    """All that was learned: both networks, both discriminators, the mean."""
    state = RunFolder(folder).load_checkpoint()
    assert state is not None
    found = {
        f"{part}.{name}": value
        for part in ("network", "average", "loss", "cycle")
        for name, value in state["learner"][part].items()
        if isinstance(value, Tensor)
    }
    names = " ".join(found)
    for part in ("network.tail", "loss.terms.0.discriminator", "cycle.back.tail", "cycle.adversary.disc"):
        assert part in names
    return found


def pictures(seed: int) -> Tensor:
    return torch.rand(2, 3, 24, 24, generator=torch.Generator().manual_seed(seed))


def test_the_first_step_minimises_the_papers_sum(recipe: Recipe) -> None:
    torch.manual_seed(0)
    learner = Learner(recipe, Fabric(accelerator="cpu"))
    assert learner.cycle is not None
    assert learner.adversary is not None
    x, y = pictures(0), pictures(1)
    there, back = learner.plain, learner.cycle.back
    real, noisy = learner.adversary.discriminator, learner.cycle.adversary.discriminator
    with torch.no_grad():
        cycle = (back(there(x)) - x).abs().mean() + (there(back(y)) - y).abs().mean()
        identity = (there(y) - y).abs().mean() + (back(x) - x).abs().mean()
        ahead, behind = (
            (judge(made) - 1).square().mean() / 2 for judge, made in ((real, there(x)), (noisy, back(y)))
        )
        judged = sum(
            ((judge(genuine) - 1).square().mean() + judge(made).square().mean()) / 2
            for judge, genuine, made in ((real, y, there(x)), (noisy, x, back(y)))
        )
        assert not torch.allclose(back(x), there(x), atol=1e-6)  # networks of their own
    log = learner.learn({"x": x, "y": y})
    assert log["cycle"] == pytest.approx(cycle.item(), rel=1e-5)
    assert log["identity"] == pytest.approx(identity.item(), rel=1e-5)
    assert log["back_adversary"] == pytest.approx(behind.item(), rel=1e-5)
    expected = 10 * cycle + 5 * identity + 0.7 * (ahead + behind)
    assert log["total"] == pytest.approx(expected.item(), rel=1e-5)
    assert log["discriminator"] == pytest.approx(float(judged), rel=1e-5)


def test_all_four_networks_learn(recipe: Recipe) -> None:
    learner = Learner(recipe, Fabric(accelerator="cpu"))
    assert learner.cycle is not None
    assert learner.adversary is not None
    parts = {
        "there": learner.plain,
        "back": learner.cycle.back,
        "judge": learner.adversary.discriminator,
        "judge of those back": learner.cycle.adversary.discriminator,
    }
    before = {name: [p.detach().clone() for p in part.parameters()] for name, part in parts.items()}
    learner.learn({"x": pictures(0), "y": pictures(1)})
    for name, part in parts.items():
        assert all(
            not torch.equal(old, new) for old, new in zip(before[name], part.parameters(), strict=True)
        ), name


@pytest.mark.parametrize("part", ["adversary", "cycle.back", "cycle.adversary"])
def test_whatever_is_learned_must_be_numbers(recipe: Recipe, part: str) -> None:
    learner = Learner(recipe, Fabric(accelerator="cpu"))
    assert learner.is_finite
    with torch.no_grad():
        next(attrgetter(part)(learner).parameters()).fill_(torch.nan)
    assert not learner.is_finite


def test_a_run_that_was_broken_off_goes_on_as_if_it_had_not_been(recipe: Recipe, tmp_path: Path) -> None:
    class StoppedError(Exception):
        pass

    def tell(progress: Progress) -> None:
        if progress.step == 7:
            raise StoppedError

    train(recipe, tmp_path / "whole")
    with pytest.raises(StoppedError):
        train(recipe, tmp_path / "run", tell=tell)
    train(recipe, tmp_path / "run", resume=True)
    whole, resumed = weights(tmp_path / "whole"), weights(tmp_path / "run")
    assert whole.keys() == resumed.keys()
    for name, value in whole.items():
        assert torch.equal(resumed[name], value), name


@pytest.mark.slow
def test_two_processes_learn_what_one_does(path: Path, tmp_path: Path) -> None:
    train_in_two_processes(path, tmp_path / "two", "steps=4")
    train(read_recipe(path, ["steps=4"]), tmp_path / "one")
    one, two = weights(tmp_path / "one"), weights(tmp_path / "two")
    for name, value in one.items():  # Adam enlarges what rounding leaves
        if name.endswith(("layers.2.bias", "layers.5.bias", "layers.8.bias")):
            continue  # the mean that instance normalisation takes away: nothing but rounding moves it
        assert torch.allclose(two[name].float(), value.float(), rtol=1e-3, atol=1e-5), name


def test_networks_that_enlarge_cannot_go_back(recipe: Recipe) -> None:
    larger = recipe.model_copy(update={"network": "edsr:scale=2:width=8:blocks=1"})
    with pytest.raises(UsageError, match=r"cycle: edsr:scale=2:width=8:blocks=1 enlarges 2 times"):
        Learner(larger, Fabric(accelerator="cpu"))


def test_the_adversarys_weight_is_told_in_one_place(path: Path) -> None:
    twice = read_recipe(path, ["loss.weights={adversary: 2}"])
    with pytest.raises(UsageError, match=r"what that weighs is adversary\.weight"):
        Learner(twice, Fabric(accelerator="cpu"))
