"""Scores as tables for a terminal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import polars as pl
from rich import box
from rich.table import Table
from rich.text import Text

from beholder.reports.folders import common_folder
from beholder.reports.summary import summarise

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
    """For every metric its mean, its median, and the pair that it finds worst.

    The mean is that of the finite scores, and tells how many are infinite; the median is that of all.
    """
    drawn = Table("metric", "better", "mean", "median", "worst", "worst pair", box=box.SIMPLE_HEAD)
    shared = common_folder(table.frame["distorted"].to_list())
    for name in table.metrics:
        direction = table.provenance["metrics"][name]["direction"]
        scored = table.frame.filter(pl.col(name).is_not_nan())
        if scored.is_empty():
            drawn.add_row(name, direction, *["–"] * 3, "")
            continue
        ranked = scored.sort(name, descending=direction == "lower")
        summary = summarise(ranked[name].to_list())
        infinite = f" ({summary.infinite:,} ∞ left out)" if summary.infinite else ""
        drawn.add_row(
            name,
            direction,
            _number(summary.mean) + infinite,
            _number(summary.median),
            _number(ranked[name][0]),
            Text(ranked["distorted"][0].removeprefix(shared)),
        )
    return drawn


def _number(value: float | None) -> str:
    return "–" if value is None or math.isnan(value) else f"{value:.4f}".replace("inf", "∞")
