"""Scores as tables for a terminal."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from beholder.reports.folders import common_folder

if TYPE_CHECKING:
    from beholder.scoring import ScoreTable

__all__ = ["score_table", "summary_table"]


def score_table(table: ScoreTable) -> Table:
    """A row per pair; the folder that all files of a column share is told once, below."""
    frame = table.frame
    shared = {name: common_folder(frame[name].to_list()) for name in ("reference", "distorted")}
    caption = "   ".join(f"{name} in {folder}" for name, folder in shared.items() if folder)
    drawn = Table(box=box.SIMPLE_HEAD, caption=Text(caption), caption_justify="left")
    failed = not table.failed.is_empty()
    for name in frame.columns:
        if name != "error" or failed:
            drawn.add_column(name, justify="right" if name in table.metrics else "left", no_wrap=True)
    for row in frame.iter_rows(named=True):
        files = [Text(row[name].removeprefix(folder)) for name, folder in shared.items()]
        error = [Text(row["error"] or "", style="red")] if failed else []
        drawn.add_row(*files, *[_number(row[name]) for name in table.metrics], *error)
    return drawn


def summary_table(table: ScoreTable) -> Table:
    """For every metric its mean, its median, and the pair that it finds worst."""
    drawn = Table("metric", "better", "mean", "median", "worst", "worst pair", box=box.SIMPLE_HEAD)
    for name in table.metrics:
        direction = table.provenance["metrics"][name]["direction"]
        scored = table.frame.drop_nulls(name)
        if scored.is_empty():
            drawn.add_row(name, direction, *["–"] * 3, "")
            continue
        ranked = scored.sort(name, descending=direction == "lower")
        scores = ranked[name].to_list()
        numbers = [
            _number(value) for value in (statistics.fmean(scores), statistics.median(scores), scores[0])
        ]
        drawn.add_row(name, direction, *numbers, Text(Path(ranked["distorted"][0]).name))
    return drawn


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}".replace("inf", "∞")
