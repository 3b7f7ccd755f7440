"""A disk that fills up in the middle of a run: whatever is written then, the run stops, and goes on when there is room."""

from __future__ import annotations

import contextlib
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from beholder.spec import TrainingError
from beholder.training.folder import RunFolder
from beholder.training.reading import read_recipe
from beholder.training.recipe import Recipe
from beholder.training.run import Progress, train
from beholder.training.writing import add_to, replacing
from training.conftest import write_recipe_with_photographs

FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="no /dev/full")

RECIPE = """title: Take noise out
network: compact:width=8:blocks=1
data: {{train: {photographs}, degradation: "noise:sigma=0.1", patch: 16, workers: 0}}
loss: {{terms: {{pixels: l1}}}}
steps: 60
batch: 2
optimiser: {{rate: 0.005}}
validation: {{every: 20, metrics: [psnr], pictures: 1, shown: 1}}
checkpoint: 20
"""


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    return read_recipe(
        write_recipe_with_photographs(tmp_path_factory.mktemp("disk"), RECIPE, count=2, side=48)
    )


@pytest.fixture(scope="module")
def whole(recipe: Recipe, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole") / "run"
    train(recipe, folder)
    return folder


def what_is_saved(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in ("last.ckpt", "model.safetensors")}


@needs_full
@pytest.mark.parametrize(
    "name",
    [
        ".partial.last.ckpt",
        ".partial.model.safetensors",
        "pictures/.partial.0000040.png",
        "validation.csv",
        "steps.csv",
    ],
)
def test_the_run_stops_with_what_was_saved_and_goes_on(
    recipe: Recipe, whole: Path, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "run"
    kept: dict[str, bytes] = {}
    log = folder / name

    def fill(progress: Progress) -> None:
        if progress.step and progress.step % 20 == 0:
            kept.update(what_is_saved(folder))
        if progress.step == 20:
            if log.exists():
                log.rename(tmp_path / "log")
            log.symlink_to(FULL)

    shown = Path(name).name.removeprefix(".partial.")
    with pytest.raises(
        TrainingError, match=f"{shown}: cannot be written: No space left .*go on with --resume"
    ):
        train(recipe, folder, tell=fill)
    saved = what_is_saved(folder)
    assert saved["last.ckpt"] == kept["last.ckpt"]
    if shown != "last.ckpt":  # the model is written before it
        assert saved["model.safetensors"] == kept["model.safetensors"]
    log.unlink(missing_ok=True)
    if (tmp_path / "log").exists():
        (tmp_path / "log").rename(log)
    check_going_on(recipe, folder, whole)


def check_going_on(recipe: Recipe, folder: Path, whole: Path) -> None:
    train(recipe, folder, resume=True)
    ours, theirs = (load_file(run / "model.safetensors") for run in (folder, whole))
    assert all(torch.equal(ours[key], theirs[key]) for key in theirs)
    assert (folder / "validation.csv").read_bytes() == (whole / "validation.csv").read_bytes()
    steps, all_steps = (
        [line.split(",")[0] for line in (run / "steps.csv").read_text().splitlines()]
        for run in (folder, whole)
    )
    assert steps == all_steps
    assert not list(folder.rglob(".partial*"))


@contextlib.contextmanager
def limit(size: int) -> Iterator[None]:
    """Files may not grow beyond a size: they fail as on a full disk, in the middle of writing."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_events_that_find_no_room(recipe: Recipe, whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    room = contextlib.ExitStack()

    def fill(progress: Progress) -> None:
        if (
            progress.step == 49
        ):  # the next to be logged are the losses of step 50, first in the smaller steps.csv
            (events,) = (folder / "events").iterdir()
            room.enter_context(limit(events.stat().st_size + 10))

    with (
        room,
        pytest.raises(TrainingError, match=r"events\.out\.tfevents\.\d+: cannot be written: File too large"),
    ):
        train(recipe, folder, tell=fill)
    check_going_on(recipe, folder, whole)


def test_a_checkpoint_that_finds_no_room(recipe: Recipe, tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.save_checkpoint({"step": 1})
    with limit(5000), pytest.raises(TrainingError, match=r"last\.ckpt: cannot be written: File too large"):
        folder.save_checkpoint({"weights": torch.rand(100_000)})
    assert folder.load_checkpoint() == {"step": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["last.ckpt"]


def test_half_a_line_is_not_left(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    add_to(log, b"step\r\n")
    with limit(10), pytest.raises(TrainingError, match=r"log\.csv: cannot be written: File too large"):
        add_to(log, b"1234567890\r\n")
    assert log.read_bytes() == b"step\r\n"


def test_what_is_not_whole_replaces_nothing(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("whole")

    def fail() -> None:
        with replacing(file) as partial:
            partial.write_text("ha")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert file.read_text() == "whole"
