"""Heat maps of a run: the user's, and the page's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from beholder.catalog import describe_metric
from beholder.cli import maps as module
from beholder.cli.maps import Maps
from beholder.images import Pair
from beholder.scoring import ScoredPair, ScoreTable

SPECS = {"ssim": describe_metric("ssim")}
MAP = {"ssim": np.zeros((4, 4), dtype=np.float32)}
EMPTY = {"metrics": {"ssim": {"direction": "higher"}}}


def scored(place: int, score: float | None) -> ScoredPair:
    return ScoredPair(place, Pair(Path("r"), Path(f"{place}.png")), {"ssim": score}, MAP, (), None)


def rows(*scores: float) -> ScoreTable:
    told = [{"reference": "r", "distorted": "d", "ssim": score, "error": None} for score in scores]
    return ScoreTable.from_rows(told, EMPTY)


def test_the_page_keeps_the_maps_of_the_worst_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_ON_PAGE", 2)
    before = Maps(SPECS, None, tmp_path, [], rows().stored(), int)
    for place, score in enumerate([0.5, 0.9]):
        assert list(before.draw(scored(place, score))) == []
    after = Maps(SPECS, None, tmp_path, [], rows(0.5, 0.9).stored(), int)  # as of a run that goes on
    for place, score in enumerate([0.7, None, 0.1], 2):
        assert list(after.draw(scored(place, score))) == []
    assert set(after.on_page(range(5), SPECS)) == {(0, "ssim"), (4, "ssim")}
    assert len(list(tmp_path.iterdir())) == 2


def test_both_folders_get_a_map(tmp_path: Path) -> None:
    names = iter([Path("a"), Path("b")])
    both = Maps(SPECS, tmp_path / "mine", tmp_path / "page", names, rows(0.5).stored(), int)
    assert list(both.draw(scored(1, 0.5))) == []
    assert (tmp_path / "mine" / "b.ssim.png").is_file()
    assert list(both.on_page([1], SPECS)) == [(0, "ssim")]
    assert both.drawn


def test_rows_whose_turn_comes_out_of_order_keep_their_names(tmp_path: Path) -> None:
    names = iter([Path(letter) for letter in "abcde"])
    places = [0, 3, 1, 4]  # there before, in the order of the table
    maps = Maps(SPECS, tmp_path / "mine", tmp_path / "page", names, rows().stored(), places.__getitem__)
    for place in (3, 1, 4):
        list(maps.draw(scored(place, 0.1 * place)))
    assert sorted(path.name for path in (tmp_path / "mine").iterdir()) == [f"{it}.ssim.png" for it in "bde"]
    assert maps.on_page([0, 1, 2], SPECS) == {
        (1, "ssim"): tmp_path / "page" / "3.ssim.png",
        (2, "ssim"): tmp_path / "page" / "1.ssim.png",
    }
