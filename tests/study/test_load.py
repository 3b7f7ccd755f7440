"""Observers at once at the real command, killed on the way: the benchmark's smaller form."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from private_postgresql import new_database
from study.conftest import MakeStudy


@pytest.fixture(scope="module")
def study_load() -> ModuleType:
    place = Path(__file__).parents[2] / "benchmarks" / "study_load.py"
    told = importlib.util.spec_from_file_location("study_load", place)
    assert told
    assert told.loader
    module = importlib.util.module_from_spec(told)
    sys.modules["study_load"] = module  # dataclasses look there
    told.loader.exec_module(module)
    return module


def test_killed_on_sqlite(study_load: ModuleType, tmp_path: Path) -> None:
    folder = study_load.make_study(tmp_path, 20, 10, 6, None)
    load = study_load.put_under_load(folder, None, 12, kills=2)
    assert load.answers == 120
    assert load.kills == 2
    assert load.again > 0
    assert load.holds(), load
    assert load.votes == (6, 6)


def test_two_processes_killed_on_postgresql(study_load: ModuleType, tmp_path: Path, postgresql: Path) -> None:
    address = new_database(postgresql, "load")
    folder = study_load.make_study(tmp_path, 20, 10, 6, address)
    load = study_load.put_under_load(folder, address, 12, workers=2, kills=1)
    assert load.answers == 120
    assert load.kills == 1
    assert load.holds(), load
    assert load.votes == (6, 6)


def test_what_does_not_hold_is_told(study_load: ModuleType) -> None:
    load = study_load.Load
    assert load().holds()
    for wrong in (
        load(lost=1),
        load(wrong=1),
        load(votes=(1, 3)),
        load(uneven_sides=1),
        load(refused=["no"]),
    ):
        assert not wrong.holds()


def test_sqlite_has_one_process(make_study: MakeStudy) -> None:
    command = [
        sys.executable,
        "-c",
        "from beholder.cli import main; main()",
        "study",
        "serve",
        "--workers",
        "2",
    ]
    done = subprocess.run([*command, str(make_study().path)], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "one process writes at a time" in done.stderr
    assert "--database" in done.stderr
