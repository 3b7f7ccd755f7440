"""A run's folder: what is dropped from its logs when steps are taken again."""

from __future__ import annotations

from pathlib import Path

import pytest

from beholder.spec import UsageError
from beholder.training.folder import RunFolder


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
