"""Scores as tables for a terminal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import polars as pl
from rich import box
from rich.table import Table
from rich.text import Text

from beholder.reports.folders import common_folder
from beholder.reports.summary import summarise_column
from beholder.scoring import ScoreTable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from beholder.scoring import StoredScores

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


def summary_table(scores: ScoreTable | StoredScores) -> Table:
    """For every metric its mean, its median, and the pair that it finds worst.

    The mean is that of the finite scores, and tells how many are infinite; the median is that of all, see
    `summarise_column`.
    """
    stored = scores.stored() if isinstance(scores, ScoreTable) else scores
    pairs, video = stored.frame, "video" in stored.provenance
    if video:
        pairs = pairs.filter(pl.col("pooled").is_null())
    drawn = Table(
        "metric",
        "better",
        "mean",
        "median",
        "worst",
        "worst frame" if video else "worst pair",
        box=box.SIMPLE_HEAD,
    )
    name = pl.col("distorted")
    ends = pairs.select(first=name.min(), last=name.max()).collect(engine="streaming").row(0)
    shared = common_folder([end for end in ends if end is not None])
    for metric, spec in stored.provenance["metrics"].items():
        worst = _worst(pairs, metric, spec["direction"])
        if worst is None:
            drawn.add_row(metric, spec["direction"], *["–"] * 3, "")
            continue
        summary = summarise_column(pairs, metric)
        infinite = f" ({summary.infinite:,} ∞ left out)" if summary.infinite else ""
        drawn.add_row(
            metric,
            spec["direction"],
            _number(summary.mean) + infinite,
            _number(summary.median),
            _number(worst[metric]),
            Text(_place(worst, shared)),
        )
    return drawn


def _worst(pairs: pl.LazyFrame, metric: str, direction: str) -> dict[str, Any] | None:
    """The first of the rows that have the worst score."""
    scored = pairs.with_columns(pl.col(metric).fill_nan(None))
    column = pl.col(metric)
    extreme = column.max() if direction == "lower" else column.min()
    score = scored.select(extreme).collect(engine="streaming").item()
    if score is None:
        return None
    return scored.filter(column == score).head(1).collect(engine="streaming").row(0, named=True)


def _place(row: Mapping[str, Any], shared: str) -> str:
    if "frame" in row:
        return f"frame {row['frame']} at {row['time']:.2f} s"
    return str(row["distorted"]).removeprefix(shared)


def _number(value: float | None) -> str:
    return "–" if value is None or math.isnan(value) else f"{value:.4f}".replace("inf", "∞")
