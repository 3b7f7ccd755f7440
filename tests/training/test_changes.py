"""What may change between the two halves of a run that was broken off."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from beholder.spec import UsageError
from beholder.training.changes import check_changes
from beholder.training.model_file import load_model
from beholder.training.reading import read_recipe
from beholder.training.run import FREE, train
from training.conftest import write_recipe_with_photographs

RECIPE = """title: Take noise out
network: compact:width=8:blocks=1
data: {{train: {photographs}, degradation: "noise:sigma=0.1", patch: 16, workers: 0}}
loss: {{terms: {{pixels: l1, structure: gmsd}}, balance: equalise}}
steps: 4
batch: 2
validation: {{every: 2, metrics: [psnr], pictures: 1, shown: 0}}
"""


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_recipe_with_photographs(tmp_path_factory.mktemp("changes"), RECIPE, count=2, side=48)


def test_a_run_goes_on_with_what_may_change(recipe: Path, tmp_path: Path) -> None:
    train(read_recipe(recipe), tmp_path / "run")
    changed = [
        *("steps=6", "optimiser.rate=1e-4", "optimiser.clip=0", "schedule={kind: constant}", "checkpoint=1"),
        *("validation={every: 1, metrics: [ssim, psnr], select: ssim, pictures: 1, shown: 0}",),
        *("loss.weights={pixels: 2}", "data.workers=1", "title=Still"),
    ]
    model = train(read_recipe(recipe, changed), tmp_path / "run", resume=True)
    told = load_model(model)[1]
    assert told["step"] > 4  # an SSIM is no PSNR, which would have been larger
    assert told["scores"].keys() == told["before"].keys() == {"ssim", "psnr"}
    with (tmp_path / "run" / "validation.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["step"]) for row in rows] == [0, 2, 4, 5, 6]
    assert [bool(row["ssim"]) for row in rows] == [False, False, False, True, True]
    assert all(row["psnr"] for row in rows)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("loss.terms={pixels: l1}", "loss.terms.structure is None and was 'gmsd'"),
        ("loss.balance=fixed", "loss.balance is 'fixed' and was 'equalise'"),
        ("network=l8", "network is 'l8' and was 'compact:width=8:blocks=1'"),
        ("average=0", "average is 0.0 and was 0.999"),
        ("optimiser.betas=[0.5, 0.9]", r"optimiser.betas is \[0.5, 0.9\] and was \[0.9, 0.999\]"),
        ("batch=4", "batch is 4 and was 2"),
        ("adversary={discriminator: patchgan}", "adversary"),
    ],
)
def test_what_may_not_change_is_told(recipe: Path, override: str, message: str) -> None:
    begun = read_recipe(recipe).model_dump(mode="json")
    check_changes(begun, read_recipe(recipe), FREE)
    with pytest.raises(UsageError, match=message):
        check_changes(begun, read_recipe(recipe, [override]), FREE)
