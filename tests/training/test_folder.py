"""A run's folder: what is dropped from its logs when steps are taken again."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest

from beholder.spec import UsageError
from beholder.training.folder import RunFolder
from forking import ForkedCommands


def test_logs_go_on_where_the_checkpoint_is(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    for step in (50, 100, 150):
        folder.log(folder.steps, {"step": step, "total": step / 100})
    folder.forget_after(100)
    assert folder.steps.read_bytes() == b"step,total\r\n50,0.5\r\n100,1.0\r\n"
    folder.log(folder.steps, {"step": 150, "total": 7})
    assert folder.steps.read_bytes().endswith(b"100,1.0\r\n150,7\r\n")
    folder.forget_after(0)
    assert folder.steps.read_bytes() == b"step,total\r\n"


def test_a_recipe_that_was_changed_on_the_way_adds_columns(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.log(folder.steps, {"step": 50, "pixels": 0.5, "total": 0.5})
    folder.log(folder.steps, {"step": 100, "total": 2, "features": 2})
    folder.log(folder.steps, {"step": 150, "features": 3, "total": 3})
    assert folder.steps.read_bytes() == (
        b"step,pixels,total,features\r\n50,0.5,0.5,\r\n100,,2,2\r\n150,,3,3\r\n"
    )


CLAIM = """
import sys
from pathlib import Path
from beholder.spec import UsageError
from beholder.training.folder import RunFolder
try:
    RunFolder(Path(sys.argv[1])).claim()
except UsageError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such locks")
def test_only_one_process_has_a_run(forked: ForkedCommands, tmp_path: Path) -> None:
    run = tmp_path / "run"

    def another_claims() -> str:
        done = forked.call([run], tmp_path, program=CLAIM)
        assert done.returncode == 0, done.stderr
        return done.stdout

    folder = RunFolder(run)
    folder.claim()
    assert f"{run}: another process trains in it" in another_claims()
    folder.release()
    assert not run.exists()  # no run was begun
    assert another_claims() == ""


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match=r"file: cannot be written in: "):
        RunFolder(tmp_path / "file").claim()


def test_where_nothing_can_be_locked_a_warning_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("fcntl.lockf", refuse)
    with pytest.warns(UserWarning, match="cannot be locked .*see that no other process trains"):
        RunFolder(tmp_path).claim()


@pytest.mark.parametrize("left", [b"", b"step,to", b"step,total\r\n5", b"step,total\r\n50,0.5\r\n1"])
def test_half_a_line_that_a_power_cut_left_is_dropped(tmp_path: Path, left: bytes) -> None:
    folder = RunFolder(tmp_path)
    folder.steps.write_bytes(left)
    folder.forget_after(1000)
    folder.log(folder.steps, {"step": 100, "total": 2})
    kept = left[: left.rfind(b"\n") + 1] or b"step,total\r\n"
    assert folder.steps.read_bytes() == kept + b"100,2\r\n"


def test_what_holds_a_run_is_not_begun_anew(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.check_new()
    folder.recipe.touch()
    with pytest.raises(UsageError, match="holds a run already"):
        folder.check_new()
