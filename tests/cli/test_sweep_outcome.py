"""What a sweep writes, by several processes that share its folder."""

from __future__ import annotations

import errno
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl
import pytest

from beholder.cli.sweep_outcome import tell_sweep, write_sweep
from beholder.spec import TrainingError
from beholder.training.recipe import Recipe
from beholder.training.sweeping import Sweep
from beholder.training.sweeping.ledger import Ledger, lock_folder, open_ledger, own_storage
from reports.policies import check_policy


def make_plan() -> Sweep:
    return Sweep(
        name="weights",
        recipe=Recipe.model_validate(
            {
                "title": "Take noise out",
                "network": "compact",
                "data": {"train": "photographs", "degradation": "noise:sigma=0.1"},
                "loss": {"terms": {"pixels": "l1", "structure": "gmsd"}},
                "steps": 4,
                "batch": 2,
            }
        ),
        over={"loss.weights.structure": "0.01:10:log"},
        objectives=("psnr", "gmsd"),
        trials=4,
        balances=False,
    )


def open_sweep(plan: Sweep, folder: Path) -> Ledger:
    return open_ledger(plan, folder, own_storage(folder))


def test_those_that_share_a_folder_write_in_turn(tmp_path: Path) -> None:
    plan = make_plan()
    ledger = open_sweep(plan, tmp_path)
    for scores in ((27.0, 0.3), (26.8, 0.22)):
        number, _ = ledger.next() or (-1, ())
        ledger.end(number, scores)
    with ThreadPoolExecutor(1) as pool:
        with lock_folder(tmp_path):  # another is writing
            written = pool.submit(write_sweep, plan, ledger, tmp_path)
            with pytest.raises(TimeoutError):
                written.result(0.3)
            assert not (tmp_path / "trials.csv").exists()
        assert written.result()
    assert pl.read_csv(tmp_path / "trials.csv").height == 2
    check_policy((tmp_path / "sweep.html").read_text())


def test_it_tells_of_what_it_has_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = make_plan()
    ledger = open_sweep(plan, tmp_path)
    number, _ = ledger.next() or (-1, ())
    ledger.end(number, failed="no room")
    assert tell_sweep(plan, ledger, tmp_path) == 1
    told = capsys.readouterr()
    assert "No trial has ended with scores." in told.out
    assert told.err.endswith("sweep.html, trials.csv\n")
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix in (".yaml", ".svg")) == []


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    plan = make_plan()
    monkeypatch.setattr("beholder.reports.sweep_page.write_page", refuse)
    with pytest.raises(
        TrainingError, match=r"sweep\.html: cannot be written: No space left on device\. Make room"
    ):
        write_sweep(plan, open_sweep(plan, tmp_path), tmp_path)
