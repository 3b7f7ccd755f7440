"""Scores as tables for a terminal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import polars as pl
from rich import box
from rich.table import Table
from rich.text import Text

from beholder.reports.folders import common_folder
from beholder.reports.summary import summarise

if TYPE_CHECKING:
    from collections.abc import Mapping

    from beholder.scoring import ScoreTable

__all__ = ["score_table", "summary_table"]


def score_table(table: ScoreTable) -> Table:
    """A row per pair, of a video one per pooling; the folder that a column's files share is told once, below."""
    video = "pooled" in table.frame.columns
    frame = table.frame.filter(pl.col("pooled").is_not_null()).drop("frame", "time") if video else table.frame
    shared = {name: common_folder(frame[name].to_list()) for name in ("reference", "distorted")}
    caption = "   ".join(f"{name} in {folder}" for name, folder in shared.items() if folder)
    drawn = Table(box=box.SIMPLE_HEAD, caption=Text(caption), caption_justify="left")
    columns = [name for name in frame.columns if name != "error" or not table.failed.is_empty()]
    for name in columns:
        drawn.add_column(name, justify="right" if name in table.metrics else "left", no_wrap=True)
    for row in frame.iter_rows(named=True):
        drawn.add_row(
            *[
                _number(row[name])
                if name in table.metrics
                else Text(
                    (row[name] or "").removeprefix(shared.get(name, "")),
                    style="red" if name == "error" else "",
                )
                for name in columns
            ]
        )
    return drawn


def summary_table(table: ScoreTable) -> Table:
    """For every metric its mean, its median, and the pair that it finds worst.

    The mean is that of the finite scores, and tells how many are infinite; the median is that of all.
    """
    video = "pooled" in table.frame.columns
    drawn = Table(
        "metric",
        "better",
        "mean",
        "median",
        "worst",
        "worst frame" if video else "worst pair",
        box=box.SIMPLE_HEAD,
    )
    pairs = table.pairs
    shared = common_folder(pairs["distorted"].to_list())
    for name in table.metrics:
        direction = table.provenance["metrics"][name]["direction"]
        scored = pairs.filter(pl.col(name).is_not_nan())
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
            Text(_place(ranked.row(0, named=True), shared)),
        )
    return drawn


def _place(row: Mapping[str, Any], shared: str) -> str:
    if "frame" in row:
        return f"frame {row['frame']} at {row['time']:.2f} s"
    return str(row["distorted"]).removeprefix(shared)


def _number(value: float | None) -> str:
    return "–" if value is None or math.isnan(value) else f"{value:.4f}".replace("inf", "∞")
