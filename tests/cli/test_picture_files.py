"""Which file is written for which picture."""

from __future__ import annotations

from pathlib import Path

import pytest

from beholder.cli.picture_files import plan_pictures
from beholder.spec import UsageError


@pytest.mark.parametrize("absolute", [False, True])
def test_earlier_results_among_the_pictures_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, absolute: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("one.jpg", "sub/two.png", "out/old.png"):
        file = tmp_path / "in" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    output = tmp_path / "in" / "out" if absolute else Path("in/out")
    assert plan_pictures(Path("in"), output) == [
        (Path("in/one.jpg"), output / "one.png"),
        (Path("in/sub/two.png"), output / "sub" / "two.png"),
    ]


def test_pictures_of_one_name_are_told_of_each_other(tmp_path: Path) -> None:
    for name in ("same.jpg", "same.png"):
        (tmp_path / name).touch()
    with pytest.raises(UsageError, match=r"would be written for both .*same\.jpg and .*same\.png; rename"):
        plan_pictures(tmp_path, tmp_path.parent / "out")
