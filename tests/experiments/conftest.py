"""Experiments as they are run from the command line, in this process, and photographs for them."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from beholder.data.photos import PHOTOS
from beholder.images import save_picture

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
Run = Callable[..., str]


@pytest.fixture
def experiments(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Their folder where modules are looked for, as it is while one of them runs."""
    own = {path.stem for path in EXPERIMENTS.glob("*.py")}
    for name in own:  # folders of tests have such names, too
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(EXPERIMENTS)
    yield
    for name in own & set(sys.modules):
        del sys.modules[name]


@pytest.fixture
def run(experiments: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run an experiment with arguments; what it prints."""

    def runs(name: str, *arguments: object) -> str:
        monkeypatch.setattr(sys, "argv", [f"{name}.py", *map(str, arguments)])
        importlib.import_module(name).main()
        return capsys.readouterr().out

    return runs


@pytest.fixture(scope="session")
def bsds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as BSDS500's: two photographs to learn from, one that is not learned from."""
    folder = tmp_path_factory.mktemp("photographs")
    for part, photos in {"train": PHOTOS[:2], "val": PHOTOS[2:3]}.items():
        (folder / part).mkdir()
        for photo in photos:
            save_picture(photo.detail(192), folder / part / f"{photo.name}.png")
    return folder


def cells_of(table: str, head: str) -> list[str]:
    """The cells of the row of a Markdown table that begins with this head."""
    (line,) = (line for line in table.splitlines() if line.startswith(f"| {head} |"))
    return [cell.strip() for cell in line.split("|")[2:-1]]
