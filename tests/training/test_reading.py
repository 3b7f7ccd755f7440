"""Recipes: read, overridden, refused with the line and what is allowed there."""

from __future__ import annotations

from pathlib import Path

import pytest

from beholder.settings import write_settings
from beholder.spec import UsageError
from beholder.training.reading import read_recipe

GOOD = """title: Take noise out
network: l8
data:
  train: photographs
  degradation: noise:sigma=0.1
loss:
  terms: {pixels: l1, features: "content:layers=relu2_2"}
  weights: {features: 5}
steps: 100
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "recipe.yaml"
    path.write_text(GOOD, encoding="utf-8")
    return path


def test_settings_and_defaults(recipe: Path) -> None:
    found = read_recipe(recipe)
    assert found.data.train == Path("photographs")
    assert found.loss.terms == {"pixels": "l1", "features": "content:layers=relu2_2"}
    assert found.loss.weights == {"features": 5}
    assert (found.batch, found.precision, found.seed) == (16, "float32", 0)


def test_overrides_count(recipe: Path) -> None:
    overrides = ["steps=7", "data.train=elsewhere", "schedule.kind=constant", "loss.weights={pixels: 2}"]
    found = read_recipe(recipe, overrides)
    assert (found.steps, found.data.train, found.schedule.kind) == (7, Path("elsewhere"), "constant")
    assert found.loss.weights == {"pixels": 2}


def test_what_is_written_is_whole_and_reads_the_same(recipe: Path, tmp_path: Path) -> None:
    found = read_recipe(recipe, ["seed=3"])
    write_settings(found, tmp_path / "whole.yaml")
    assert read_recipe(tmp_path / "whole.yaml") == found
    assert "weight_decay: 0.0" in (tmp_path / "whole.yaml").read_text()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "steps: 100",
            "stepps: 100",
            r"line 9: there is no setting stepps. Did you mean steps\? Allowed: title, ",
        ),
        (
            "  train:",
            "  trains:",
            r"line 4: there is no setting data.trains. Did you mean train\? Allowed: train, v",
        ),
        (
            "steps: 100",
            "",
            r"recipe.yaml: steps is missing; give it in the file, or as an argument: steps=VALUE",
        ),
        ("steps: 100", "steps: -1", r"line 9: steps is -1: .*greater than 0"),
        ("steps: 100", "steps: 100\nsteps: 200", r"line 10: steps stands in line 9 already"),
        ("  train: photographs\n", "", r"line 3: data.train is missing"),
        ("steps: 100", "steps: [", r"is no YAML"),
        (GOOD, "just words", r"expected settings such as 'network: l8'; found 'just words'"),
        (
            "steps: 100",
            "steps: 1\nvalidation: {metrics: [ssim]}",
            r"line 10: .*select is 'psnr'; expected one of metrics, or last: ssim",
        ),
        (
            "steps: 100",
            "steps: 1\nvalidation: {select: last, patience: 2}",
            r"line 10: .*the last network is always the best",
        ),
        (
            "  terms: {pixels: l1,",
            "  against: {feature: a.png}\n  terms: {pixels: l1,",
            r"line 7: loss.against is .*: there is no term feature; the terms are pixels, features",
        ),
        (
            "  terms: {pixels: l1,",
            "  against: {features: }\n  terms: {pixels: l1,",
            r"line 7: loss.against.features is missing; give it in the file, or as an argument: loss.against.features=VALUE",
        ),
        (
            "  degradation:",
            "  offset: 2\n  unpaired: true\n  degradation:",
            r"line 6: data.unpaired is True: patches that lie anywhere have no data.offset",
        ),
        (
            '{pixels: l1, features: "content:layers=relu2_2"}',
            "{}",
            r"loss.terms are empty; expected at least",
        ),
        ("network: l8", "network: l9", r"line 2: network is 'l9': there is no network 'l9'"),
        (
            "pixels: l1,",
            "pixels: l11,",
            r"line 7: loss.terms.pixels is 'l11': there is no loss 'l11'",
        ),
        (
            "steps: 100",
            "steps: 1\nvalidation: {metrics: [psnr, sim]}",
            r"line 10: validation.metrics.1 is 'sim': there is no metric 'sim'",
        ),
        (
            "steps: 100",
            "steps: 1\nvalidation: {metrics: [sim], select: last}",
            r"\A[^\n]*line 10: validation.metrics.0 is 'sim': there is no metric[^\n]*\Z",
        ),
        ("network: l8", "network: l8\nstart_from: l9", r"line 3: start_from is 'l9': there is no model 'l9'"),
        (
            "pixels: l1,",
            'pixels: "l1:size=3",',
            r"line 7: loss.terms.pixels is 'l1:size=3': loss 'l1' has no option 'size'",
        ),
        (
            "pixels: l1,",
            'pixels: "charbonnier:epsilon=x",',
            r"line 7: loss.terms.pixels is .*the option 'epsilon' is 'x'; expected a number",
        ),
        (
            "pixels: l1,",
            'pixels: "total_variation:isotropic=1",',
            r"line 7: loss.terms.pixels is .*the option 'isotropic' is 1; expected true or false",
        ),
        (
            "steps: 100",
            "steps: 1\nvalidation: {metrics: ['niqe:m.safetensors'], select: last}",
            r"line 10: validation.metrics.0 is .*judges a picture alone; expected metrics that compare",
        ),
        (
            "steps: 100",
            "steps: 1\nvalidation: {metrics: psnr}",
            r"line 10: .* expected a list, as in \[a, b\]",
        ),
        ("steps: 100", "steps: 100\ncycle: {}", r"line 10: cycle is {}: .*expected an adversary"),
    ],
)
def test_impossible_settings_are_told_by_line(recipe: Path, old: str, new: str, message: str) -> None:
    recipe.write_text(GOOD.replace(old, new), encoding="utf-8")
    with pytest.raises(UsageError, match=message):
        read_recipe(recipe)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("steps", "'steps' is no setting; expected KEY=VALUE"),
        ("data.patches=3", "'data.patches=3': there is no setting data.patches. Did you mean patch"),
        ("network.kind=3", "network holds 'l8', no settings of its own"),
        ("steps=many", "'steps=many': steps is 'many'"),
        (
            "loss.terms={pixels: l11}",
            "'loss.terms={pixels: l11}': loss.terms.pixels is 'l11': there is no loss",
        ),
        (
            "data.degradation=jpg",
            "data.degradation is 'jpg': there is no degradation 'jpg'. Did you mean jpeg",
        ),
    ],
)
def test_impossible_overrides_are_told(recipe: Path, override: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_recipe(recipe, [override])


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.yaml: cannot be read: No such file"):
        read_recipe(tmp_path / "none.yaml")
