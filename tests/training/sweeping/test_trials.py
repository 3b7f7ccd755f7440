"""Sweeps: what is tried, that trials are shared, and that one that was broken off goes on."""

from __future__ import annotations

import signal
import time
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
import torch
from safetensors.torch import load_file

from beholder.settings import write_settings
from beholder.spec import TrainingError, UsageError
from beholder.training.sweeping import Sweep, sweep, trials
from beholder.training.sweeping.ledger import Ledger, open_ledger, own_storage
from forking import ForkedCommands, Started
from private_postgresql import new_database
from training.sweeping.conftest import MakePlan

CARRY_OUT = """
import sys, time, torch
from pathlib import Path
from beholder.settings import read_settings
from beholder.training.sweeping import Sweep, sweep
from beholder.training.sweeping.ledger import own_storage
torch.set_num_threads(1)
plan, folder, seconds = read_settings(sys.argv[1], kind=Sweep), Path(sys.argv[2]), float(sys.argv[3])
def tell(number, settings, progress):
    print(number, progress.step, flush=True)
    time.sleep(seconds)
sweep(plan, folder, own_storage(folder), tell=tell)
"""


def start(forked: ForkedCommands, plan: Sweep, folder: Path, seconds: float) -> Started:
    folder.mkdir(exist_ok=True)
    write_settings(plan, folder / "sweep.yaml")
    return forked.start([folder / "sweep.yaml", folder, str(seconds)], folder, program=CARRY_OUT)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sweep")


def test_given_points_come_first_then_the_search(make_plan: MakePlan, tmp_path: Path) -> None:
    points = {"by hand": ("loss.weights.structure=5", "loss.weights.pixels=2")}
    plan = make_plan(trials=9, balances=True, points=points)
    ended: list[tuple[int, str]] = []
    address = own_storage(tmp_path)
    ledger = sweep(plan, tmp_path, address, tell_end=lambda number, how, _: ended.append((number, how)))
    assert ended == [(number, "done") for number in range(9)]
    rows = list(ledger.rows())
    named = ["balance: equalise", "balance: gradient", "balance: uncertainty", "by hand"]
    assert [row["name"] for row in rows] == [*named, *[None] * 5]
    tried = [float(row["settings"].partition("=")[2]) for row in rows[4:]]
    assert len(set(tried)) == 5
    assert all(0.01 <= each <= 10 for each in tried)
    assert [point.is_named for point in ledger.points()] == [True] * 4 + [False] * 5
    # what a trial tells is what its model was scored, and its recipe is what it says
    by_hand = ledger.points()[3]
    run = ledger.run_of(3)
    validation = pl.read_csv(run.validations).row(-1, named=True)
    assert by_hand.scores == pytest.approx((validation["psnr"], validation["gmsd"]), rel=1e-4)
    assert "structure: 5" in run.recipe.read_text()
    # gone on with, it is at its end
    again = sweep(plan, tmp_path, address, tell_end=lambda number, how, _: ended.append((number, how)))
    assert len(ended) == 9
    assert list(again.rows()) == rows
    # and with more trials it goes on
    more = sweep(make_plan(trials=10, balances=True, points=points), tmp_path, address)
    assert [row["state"] for row in more.rows()] == ["done"] * 10


def test_the_same_seed_tries_the_same(make_plan: MakePlan, tmp_path: Path) -> None:
    found = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        ledger = sweep(make_plan(trials=6), tmp_path / name, own_storage(tmp_path / name))
        found.append([(point.settings, point.scores) for point in ledger.points()])
    assert found[0] == found[1]


def test_what_three_beat_is_pruned(make_plan: MakePlan, tmp_path: Path) -> None:
    """Three good trials, then bad ones: learning at a rate that spoils everything."""
    plan = make_plan(
        over={"loss.weights.structure": "0.5:1"},
        points={"bad": ("optimiser.rate=5",), "good": ()},
        trials=7,
        prune=True,
    )
    for name in ("a", "b", "c"):
        plan = plan.model_copy(update={"points": {name: (), **plan.points}})
    ledger = sweep(plan, tmp_path, own_storage(tmp_path))
    states = {row["name"]: row["state"] for row in ledger.rows() if row["name"]}
    assert states["bad"] == "pruned"
    assert states["a"] == states["b"] == states["c"] == "done"
    # not at its end, and without a place on the plane
    assert pl.read_csv(ledger.run_of(3).validations)["step"].to_list()[-1] == 2
    assert "bad" not in {point.name for point in ledger.points()}


def test_killed_at_any_moment_it_loses_nothing(
    forked: ForkedCommands, make_plan: MakePlan, tmp_path: Path
) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    plan = make_plan(trials=4)
    whole.mkdir()
    expected = sweep(plan, whole, own_storage(whole)).points()
    kills = 0
    for lines in (3, 6):  # within the first trial; behind it, as the second is begun or early in it
        with start(forked, plan, killed, 0.1) as process:
            while process.poll() is None and process.output.read_text().count("\n") < lines:
                time.sleep(0.01)
            process.send_signal(signal.SIGKILL)
            kills += process.wait() == -signal.SIGKILL
    assert kills == 2
    found = sweep(plan, killed, own_storage(killed))
    assert [point.settings for point in found.points()] == [point.settings for point in expected]
    for number in range(4):
        one, other = (
            load_file(each / "trials" / f"{number:04}" / "model.safetensors") for each in (whole, killed)
        )
        # this process and the killed ones may round otherwise
        torch.testing.assert_close(other, one, atol=1e-5, rtol=0)


def test_two_processes_share_the_trials(forked: ForkedCommands, make_plan: MakePlan, tmp_path: Path) -> None:
    plan = make_plan(trials=8)
    processes = [start(forked, plan, tmp_path / "sweep", 0.15) for _ in range(2)]
    assert [process.wait() for process in processes] == [0, 0]
    outputs = [process.output.read_text() for process in processes]
    numbers = [{int(line.split()[0]) for line in output.splitlines()} for output in outputs]
    assert numbers[0] | numbers[1] == set(range(8))
    assert not numbers[0] & numbers[1]
    assert min(map(len, numbers)) >= 2
    ledger = open_ledger(plan, tmp_path / "sweep", own_storage(tmp_path / "sweep"))
    assert [row["state"] for row in ledger.rows()] == ["done"] * 8


def test_a_trial_of_another_machine_is_left_to_it(
    make_plan: MakePlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = own_storage(tmp_path)
    plan = make_plan(trials=5)
    monkeypatch.setattr("beholder.training.sweeping.ledger.socket.gethostname", lambda: "another")
    assert open_ledger(plan, tmp_path, address).next() is not None
    monkeypatch.undo()
    ledger = sweep(plan, tmp_path, address)
    assert [row["state"] for row in ledger.rows()] == ["under way", "done", "done", "done", "done"]


def test_a_trial_that_nobody_signed_is_gone_on_with(
    make_plan: MakePlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its process was killed as it asked for it."""
    address = own_storage(tmp_path)
    plan = make_plan(trials=4)
    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "_sign", lambda self, trial: None)
        assert open_ledger(plan, tmp_path, address).next() is not None
    fresh = open_ledger(plan, tmp_path, address).next()
    assert fresh is not None
    assert fresh[0] == 1
    monkeypatch.setattr("beholder.training.sweeping.ledger._UNSIGNED", timedelta(0))
    ledger = sweep(plan, tmp_path, address)
    assert [row["state"] for row in ledger.rows()] == ["done"] * 4


def test_machines_share_a_database(
    make_plan: MakePlan, tmp_path: Path, postgresql: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each with folders of its own; the second has the photographs elsewhere."""
    address = new_database(postgresql, "sweep")
    plan = make_plan(trials=5)
    monkeypatch.setattr("beholder.training.sweeping.ledger.socket.gethostname", lambda: "first")
    first = open_ledger(plan, tmp_path / "first", address)
    taken = first.next()
    monkeypatch.undo()
    elsewhere = tmp_path / "photographs"
    elsewhere.symlink_to(plan.recipe.data.train)
    data = plan.recipe.data.model_copy(update={"train": elsewhere})
    moved = plan.model_copy(update={"recipe": plan.recipe.model_copy(update={"data": data})})
    second = sweep(moved, tmp_path / "second", address)
    assert taken is not None
    assert [row["state"] for row in second.rows()] == ["under way", "done", "done", "done", "done"]
    first.end(taken[0], (20.0, 0.1))
    assert [point.number for point in second.points()] == [0, 1, 2, 3, 4]
    assert [path.name for path in sorted((tmp_path / "second" / "trials").glob("*[0-9]"))] == [
        *("0001", "0002", "0003", "0004")
    ]


def test_a_trial_that_fails_is_told_and_three_in_a_row_end_the_sweep(
    make_plan: MakePlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, failing = trials.train, iter([True, False, True, True, True])

    def train(*arguments: object, **named: object) -> object:
        if next(failing):
            raise TrainingError("the loss is no number")
        return real(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(trials, "train", train)
    with pytest.raises(TrainingError, match="no number"):
        sweep(make_plan(trials=8), tmp_path, own_storage(tmp_path))
    ledger = open_ledger(make_plan(trials=8), tmp_path, own_storage(tmp_path))
    rows = list(ledger.rows())
    assert [row["state"] for row in rows] == ["failed", "done", "failed", "failed", "failed"]
    assert rows[0]["reason"] == "the loss is no number"
    assert rows[1]["reason"] is None


def test_another_sweep_of_that_name_is_refused(make_plan: MakePlan, tmp_path: Path) -> None:
    address = own_storage(tmp_path)
    open_ledger(make_plan(), tmp_path, address)
    open_ledger(make_plan(trials=30), tmp_path, address)
    with pytest.raises(UsageError, match=r"another sweep 'weights': it differs in over\."):
        open_ledger(make_plan(over={"loss.weights.structure": "0:1"}), tmp_path, address)


@pytest.mark.parametrize(
    "address", ["nonsense", "sqlite:////nowhere/at/all.db", "mongodb://user:secret@host/name"]
)
def test_a_storage_that_cannot_be_opened_is_told_without_its_password(
    make_plan: MakePlan, tmp_path: Path, address: str
) -> None:
    with pytest.raises(UsageError, match=r"expected sqlite:///FILE or") as caught:
        open_ledger(make_plan(), tmp_path, address)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            {"over": {"loss.weights.texture": "0:1"}},
            r"there is no term texture; the terms are pixels, structure",
        ),
        ({"over": {"steps": "0:10"}}, r"steps"),
        ({"over": {"optimizer.rate": "0:1"}}, r"there is no setting optimizer"),
        ({"points": {"by hand": ("loss.balance=evenly",)}}, r"loss\.balance"),
        ({"over": {"validation.patience": "1:4"}}, r"validation\.patience: a sweep measures"),
        ({"points": {"by hand": ("validation.select=best",)}}, r"validation\.select: a sweep measures"),
        ({"trials": 3, "balances": True}, r"3 trials leave none to search with"),
    ],
)
def test_what_cannot_be_tried_is_refused_before_anything_starts(
    make_plan: MakePlan, tmp_path: Path, given: dict[str, object], told: str
) -> None:
    with pytest.raises(UsageError, match=told):
        sweep(make_plan(**given), tmp_path, own_storage(tmp_path))
    assert not (tmp_path / "trials").exists()


def test_whole_numbers_stay_whole(make_plan: MakePlan) -> None:
    plan = make_plan(over={"batch": "1:4", "loss.weights.structure": "1:4"})
    assert plan.is_whole("batch")
    assert not plan.is_whole("loss.weights.structure")
