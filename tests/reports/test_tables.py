"""Scores in a terminal."""

from __future__ import annotations

import math

from beholder.reports import summary_table
from reports.demo import make_table


def summary(*rows: tuple[str, float | None]) -> list[list[str]]:
    """The cells of the summary of some PSNRs."""
    told = [("/p/a.png", path, [score], None if score else "failed") for path, score in rows]
    return [
        [str(cell) for cell in column.cells] for column in summary_table(make_table(told, ["psnr"])).columns
    ]


def test_the_worst_pair_is_named_below_the_folder_that_all_share() -> None:
    rows = [
        ("/d/by-kind/blur/1.png", 30.0),
        ("/d/by-kind/noise/1.png", 20.0),
        ("/d/by-kind/blur/2.png", None),
    ]
    assert summary(*rows)[4:] == [["20.0000"], ["noise/1.png"]]
    assert summary(rows[0])[5] == ["1.png"]


def test_the_mean_says_how_many_scores_it_leaves_out() -> None:
    assert summary(("/d/1.png", 20.0), ("/d/2.png", 25.0), ("/d/3.png", None))[2] == ["22.5000"]
    assert summary(("/d/1.png", 20.0), ("/d/2.png", math.inf), ("/d/3.png", 25.0))[2] == [
        "22.5000 (1 ∞ left out)"
    ]
    assert summary(("/d/1.png", math.inf))[2:5] == [["– (1 ∞ left out)"], ["∞"], ["∞"]]


def test_a_metric_without_any_score() -> None:
    assert summary(("/d/1.png", None)) == [["psnr"], ["higher"], ["–"], ["–"], ["–"], [""]]
