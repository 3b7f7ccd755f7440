"""Training runs: what is learned, and that a run that was broken off ends as if it had not been."""

from __future__ import annotations

import csv
import math
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from beholder.spec import PictureError, TrainingError, UsageError
from beholder.training.folder import RunFolder
from beholder.training.model_file import load_model
from beholder.training.pairs import open_pairs
from beholder.training.reading import read_recipe
from beholder.training.run import Progress, train
from forking import ForkedCommands
from training.conftest import train_in_two_processes, write_recipe_with_photographs

RECIPE = """title: Take noise out
network: compact:width=8:blocks=1
data: {{train: {photographs}, degradation: "noise:sigma=0.1", patch: 16, workers: 0}}
loss: {{terms: {{pixels: l1, structure: gmsd}}, balance: equalise}}
steps: 120
batch: 4
average: 0.9
optimiser: {{rate: 0.005}}
validation: {{every: 60, metrics: [psnr], pictures: 2, shown: 1}}
checkpoint: 10
"""


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_recipe_with_photographs(tmp_path_factory.mktemp("training"), RECIPE, count=4, side=96)


def final_weights(folder: Path) -> dict[str, torch.Tensor]:
    state = RunFolder(folder).load_checkpoint()
    assert state is not None
    return {**state["learner"]["network"], **{f"mean.{k}": v for k, v in state["learner"]["average"].items()}}


def equal(one: Path, other: Path) -> bool:
    first, second = final_weights(one), final_weights(other)
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


@pytest.fixture(scope="module")
def whole(recipe: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole") / "run"
    seen: list[Progress] = []
    model = train(read_recipe(recipe), folder, tell=seen.append)
    assert model == folder / "model.safetensors"
    assert [each.step for each in seen] == list(range(121))
    assert [each.step for each in seen if each.scores] == [0, 60, 120]
    return folder


def test_it_learns_and_tells(whole: Path, recipe: Path) -> None:
    with (whole / "validation.csv").open() as file:
        scores = [float(row["psnr"]) for row in csv.DictReader(file)]
    network, told = load_model(whole / "model.safetensors")
    pairs = open_pairs(read_recipe(recipe), 1)[1]
    noisy = [
        -10 * math.log10((pair["x"] - pair["y"]).square().mean().item())
        for pair in map(pairs.__getitem__, range(1))
    ]
    assert len(pairs) == 1  # of four photographs every tenth is held out
    assert scores[0] == pytest.approx(noisy[0], abs=0.01)  # rounded to 8 bits
    assert scores[-1] > scores[0] + 0.5
    assert told["before"] == pytest.approx({"psnr": scores[0]}, abs=1e-4)
    assert told["scores"]["psnr"] == pytest.approx(max(scores), abs=1e-4)
    assert told["recipe"] == read_recipe(recipe).model_dump(mode="json")
    assert network(torch.rand(1, 3, 5, 7)).shape == (1, 3, 5, 7)
    assert sorted(path.name for path in (whole / "pictures").iterdir()) == ["0000060.png", "0000120.png"]
    assert read_recipe(whole / "recipe.yaml") == read_recipe(recipe)
    assert sum(tensor.numel() for tensor in load_file(whole / "model.safetensors").values()) < 10_000


def test_the_same_again_is_the_same(recipe: Path, whole: Path, tmp_path: Path) -> None:
    train(read_recipe(recipe), tmp_path / "again")
    assert equal(tmp_path / "again", whole)


def test_workers_change_nothing(recipe: Path, whole: Path, tmp_path: Path) -> None:
    train(read_recipe(recipe, ["data.workers=2"]), tmp_path / "workers")
    assert equal(tmp_path / "workers", whole)


@pytest.mark.parametrize("balance", ["equalise", "gradient", "uncertainty"])
def test_half_precision_with_every_balance(recipe: Path, tmp_path: Path, balance: str) -> None:
    quick = ["steps=2", "validation.every=2", "precision=bfloat16", f"loss.balance={balance}"]
    model = train(read_recipe(recipe, quick), tmp_path / "run")
    assert load_model(model)[1]["step"] == 2


def test_training_starts_from_a_model(recipe: Path, whole: Path, tmp_path: Path) -> None:
    unmoved = ["steps=1", "optimiser.rate=1e-12", "validation.every=1"]
    begun = [*unmoved, f"start_from={whole / 'model.safetensors'}"]
    started, told = load_model(train(read_recipe(recipe, begun), tmp_path / "run"))
    trained, _ = load_model(whole / "model.safetensors")
    assert told["step"] == 1
    for one, other in zip(started.parameters(), trained.parameters(), strict=True):
        assert torch.allclose(one, other, atol=1e-6)
    with pytest.raises(
        UsageError, match=r"start_from: .* holds compact:width=8:blocks=1, whose weights do not fit l8"
    ):
        train(read_recipe(recipe, [*begun, "network=l8"]), tmp_path / "other")
    with pytest.raises(UsageError, match=r"there is no model 'debloc'"):
        train(read_recipe(recipe, [*unmoved, "start_from=debloc"]), tmp_path / "none")
    assert not (tmp_path / "other").exists()


class StoppedError(Exception):
    pass


@pytest.mark.parametrize("stop", [3, pytest.param(14, marks=pytest.mark.slow), 27])
def test_a_run_that_was_broken_off_goes_on_as_if_it_had_not_been(
    recipe: Path, whole: Path, tmp_path: Path, stop: int
) -> None:
    def tell(progress: Progress) -> None:
        if progress.step == stop:
            raise StoppedError

    with pytest.raises(StoppedError):
        train(read_recipe(recipe), tmp_path / "run", tell=tell)
    steps: list[int] = []
    train(
        read_recipe(recipe), tmp_path / "run", resume=True, tell=lambda progress: steps.append(progress.step)
    )
    assert steps[0] == (stop // 10 * 10 + 1 if stop >= 10 else 0)
    assert equal(tmp_path / "run", whole)
    with (tmp_path / "run" / "validation.csv").open() as file:
        assert [int(row["step"]) for row in csv.DictReader(file)] == [0, 60, 120]


KILLED = "import sys; from pathlib import Path; from beholder.training.reading import read_recipe; \
from beholder.training.run import train; train(read_recipe(sys.argv[1]), Path(sys.argv[2]), resume=len(sys.argv) > 3)"


def test_a_killed_run_goes_on_as_if_it_had_not_been(
    forked: ForkedCommands, recipe: Path, whole: Path, tmp_path: Path
) -> None:
    process = forked.start([recipe, tmp_path / "run"], tmp_path, program=KILLED)
    deadline = time.monotonic() + 120
    while not (tmp_path / "run" / "last.ckpt").is_file() and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(random.Random(0).random() * 0.3)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert forked.call([recipe, tmp_path / "run", "resume"], tmp_path, program=KILLED).returncode == 0
    assert equal(tmp_path / "run", whole)


def test_a_run_that_was_killed_before_its_first_checkpoint_begins_anew(
    recipe: Path, whole: Path, tmp_path: Path
) -> None:
    def tell(progress: Progress) -> None:
        if progress.step == 4:
            raise StoppedError

    begun = [f"start_from={whole / 'model.safetensors'}", "steps=12", "validation.every=12"]
    train(read_recipe(recipe, begun), tmp_path / "whole")
    with pytest.raises(StoppedError):
        train(read_recipe(recipe, begun), tmp_path / "run", tell=tell)
    assert not (tmp_path / "run" / "last.ckpt").exists()
    steps: list[int] = []
    left = read_recipe(RunFolder(tmp_path / "run").recipe)
    train(left, tmp_path / "run", resume=True, tell=lambda progress: steps.append(progress.step))
    assert steps == list(range(13))
    assert equal(tmp_path / "run", tmp_path / "whole")


def test_a_run_that_is_stopped_saves_a_checkpoint_at_once(recipe: Path, whole: Path, tmp_path: Path) -> None:
    steps: list[int] = []
    shorter = read_recipe(recipe)

    def tell(progress: Progress) -> None:
        steps.append(progress.step)

    train(shorter, tmp_path / "run", tell=tell, stop=lambda: steps[-1] == 57)
    assert steps[-1] == 57
    assert not (tmp_path / "run" / "model.safetensors").exists()
    train(shorter, tmp_path / "run", resume=True, tell=tell)
    assert steps == list(range(121))
    assert equal(tmp_path / "run", whole)
    with (tmp_path / "run" / "steps.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["step"]) for row in rows] == [50, 100, 120]
    seconds = [float(row["seconds"]) for row in rows]
    assert seconds == sorted(seconds)  # a clock that began anew would be behind
    assert seconds[0] > 0


def test_a_run_that_no_longer_gets_better_ends(recipe: Path, tmp_path: Path) -> None:
    steps: list[int] = []
    still = "validation={every: 3, metrics: [psnr], pictures: 1, shown: 0, patience: 2}"
    told = read_recipe(recipe, ["optimiser.rate=1e-30", still])
    for resume in (False, True):
        train(told, tmp_path / "run", resume=resume, tell=lambda progress: steps.append(progress.step))
        assert steps == list(range(10))  # the first validation is the best, the next two are as good


@pytest.mark.slow
def test_two_nodes_learn_what_two_processes_do(recipe: Path, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = "from pathlib import Path; import sys; from beholder.training.reading import read_recipe; \
from beholder.training.run import train; \
train(read_recipe(sys.argv[1], ['steps=12']), Path(sys.argv[2]), nodes=2, accelerator='cpu')"
    shared = os.environ | {"OMP_NUM_THREADS": "1", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    nodes = [
        subprocess.Popen(
            [sys.executable, "-c", told, str(recipe), str(tmp_path / "two")],
            env=shared | {"NODE_RANK": str(rank)},
            stderr=subprocess.DEVNULL,
        )
        for rank in range(2)
    ]
    assert [node.wait(180) for node in nodes] == [0, 0]
    train(read_recipe(recipe, ["steps=12"]), tmp_path / "one")
    one, two = final_weights(tmp_path / "one"), final_weights(tmp_path / "two")
    for name, weights in one.items():
        assert torch.allclose(two[name].float(), weights.float(), rtol=1e-3, atol=1e-5), name


def test_each_process_needs_a_part_of_the_batch(recipe: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="batch is 4; expected a multiple of the 2 devices of 3 nodes"):
        train(read_recipe(recipe), tmp_path / "run", devices=2, nodes=3)


def test_two_processes_learn_what_one_does(recipe: Path, tmp_path: Path) -> None:
    train_in_two_processes(recipe, tmp_path / "two", "steps=12")
    train(read_recipe(recipe, ["steps=12"]), tmp_path / "one")
    one, two = final_weights(tmp_path / "one"), final_weights(tmp_path / "two")
    for name, weights in one.items():
        assert torch.allclose(two[name].float(), weights.float(), rtol=1e-3, atol=1e-5), (
            name
        )  # Adam enlarges what rounding leaves


def test_a_run_is_not_written_over(recipe: Path, whole: Path) -> None:
    with pytest.raises(UsageError, match="holds a run already; go on with it by --resume"):
        train(read_recipe(recipe), whole)


HOLD = """
import sys, time
from pathlib import Path
from beholder.training.folder import RunFolder
folder = RunFolder(Path(sys.argv[1]))
folder.claim()
print("held", flush=True)
time.sleep(120)
"""


def test_a_run_that_another_process_is_at_is_refused(
    forked: ForkedCommands, recipe: Path, whole: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "run"
    shutil.copytree(whole, copy)
    with forked.start([copy], tmp_path, program=HOLD) as holder:
        while not holder.output.read_text():
            assert holder.poll() is None, holder.errors.read_text()
            time.sleep(0.01)
        with pytest.raises(UsageError, match="another process trains in it"):
            train(read_recipe(recipe), copy, resume=True)
    train(read_recipe(recipe), copy, resume=True)
    with pytest.raises(UsageError, match="holds no run"):
        train(read_recipe(recipe), tmp_path / "none", resume=True)


def test_a_run_among_the_photographs_is_refused(recipe: Path) -> None:
    told = read_recipe(recipe)
    with pytest.raises(UsageError, match=r"lies in .*photographs, whose pictures are trained on"):
        train(told, told.data.train / "run")
    assert not (told.data.train / "run").exists()


@pytest.mark.parametrize("accelerator", ["gpu", "cuda"])
def test_accelerators_that_are_not_there_are_refused(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, accelerator: str
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(UsageError, match=f"accelerator is '{accelerator}'"):
        train(read_recipe(recipe), tmp_path / "run", accelerator=accelerator)


def test_a_run_goes_on_from_another_folder(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photographs = read_recipe(recipe).data.train
    monkeypatch.chdir(photographs.parent)
    run = RunFolder(tmp_path / "run")
    run.begin(read_recipe(recipe, [f"data.train={photographs.name}", "data.validation=photographs"]))
    assert read_recipe(run.recipe).data.train == photographs
    assert read_recipe(run.recipe).data.validation == photographs


def test_a_loss_that_is_no_number_stops_the_run(recipe: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"the loss is (nan|inf) at step \d+: pixels"):
        train(read_recipe(recipe, ["optimiser.rate=1e30", "optimiser.clip=0"]), tmp_path / "run")


def test_weights_that_are_no_numbers_are_not_saved(recipe: Path, tmp_path: Path) -> None:
    settings = ["optimiser.rate=1e38", "optimiser.clip=0", "checkpoint=1", "validation.every=1"]
    with pytest.raises(TrainingError, match="a weight is no number after step 1"):
        train(read_recipe(recipe, settings), tmp_path / "run")
    left = {path.name for path in (tmp_path / "run").iterdir()}
    assert not left & {"last.ckpt", "model.safetensors"}


def test_no_pictures(recipe: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(PictureError, match="no pictures"):
        train(read_recipe(recipe, [f"data.train={tmp_path / 'empty'}"]), tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("network=edsr:scale=2", "shrinks 1 times and edsr:scale=2 enlarges 2 times"),
        ("network=nothing", "there is no network 'nothing'"),
        ("data.degradation=haze", "there is no degradation 'haze'"),
        ("loss.terms={a: l3}", "there is no loss 'l3'"),
        ("validation={metrics: [pnsr], select: pnsr}", "there is no metric 'pnsr'"),
        (
            "validation={metrics: ['psnr_y:border=500'], select: last}",
            "validation.metrics: psnr_y:border=500: the picture is",
        ),
    ],
)
def test_impossible_recipes_are_refused_before_anything_is_written(
    recipe: Path, tmp_path: Path, override: str, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        train(read_recipe(recipe, [override]), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_tensorboard_shows_what_the_logs_hold(recipe: Path, tmp_path: Path) -> None:
    def tell(progress: Progress) -> None:
        if progress.step == 105:
            raise StoppedError

    with pytest.raises(StoppedError):
        train(read_recipe(recipe, ["checkpoint=30"]), tmp_path / "run", tell=tell)
    train(read_recipe(recipe), tmp_path / "run", resume=True)  # from step 90, so step 100 is logged twice
    assert len(list((tmp_path / "run" / "events").iterdir())) == 2
    shown = EventAccumulator(str(tmp_path / "run" / "events"))
    shown.Reload()
    for log, group in (("steps.csv", "train"), ("validation.csv", "validation")):
        with (tmp_path / "run" / log).open() as file:
            rows = list(csv.DictReader(file))
        for name in rows[0].keys() - {"step", "seconds"}:
            seen = shown.Scalars(f"{group}/{name}")
            assert [each.step for each in seen] == [int(row["step"]) for row in rows]
            assert [each.value for each in seen] == pytest.approx(
                [float(row[name]) for row in rows], rel=1e-5
            )
    assert [each.step for each in shown.Images("validation")] == [60, 120]
