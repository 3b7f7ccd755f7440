"""The score page of a video: its frames as pairs, each metric over time, and the pooled scores."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

import polars as pl

from beholder.reports.score_page import Clip, write_score_page
from beholder.reports.timeline import draw_timeline

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from beholder.scoring import ScoreTable

__all__ = ["choose_frames", "write_video_page"]

_SHOWN = 8


def choose_frames(table: ScoreTable) -> dict[int, int]:
    """The frames that a page shows: the worst by the first metric, not too near to each other in time.

    Args:
        table: Scores of a video's frames.

    Returns:
        Row -> index of the frame.
    """
    frames, first = table.pairs, table.metrics[0]
    sign = 1 if table.provenance["metrics"][first]["direction"] == "higher" else -1
    scored = [
        (sign * score, row)
        for row, score in enumerate(frames[first].to_list())
        if score is not None and not math.isnan(score)
    ]
    apart = max(1, frames.height // (2 * _SHOWN))
    chosen: list[int] = []
    for _, row in sorted(scored):
        if len(chosen) < _SHOWN and all(abs(row - other) >= apart for other in chosen):
            chosen.append(row)
    return {row: frames["frame"][row] for row in chosen}


def write_video_page(
    table: ScoreTable,
    path: Path,
    *,
    pictures: Mapping[int, tuple[Path, Path]],
    maps: Mapping[tuple[int, str], Path],
) -> None:
    """Write the scores of a video's frames as one HTML page that opens offline.

    Args:
        table: Scores of frames, with their poolings.
        path: The page to write, replaced whole or not at all.
        pictures: Saved frames, the reference's and the one under test, by row.
        maps: Saved heat maps, by row and metric.
    """
    frames = table.pairs
    name = pl.format("{} frame {} at {} s", "distorted", pl.col("frame"), pl.col("time").round(3))
    reference = pl.format("{} frame {}", "reference", pl.col("frame"))
    named = frames.with_columns(distorted=name, reference=reference).drop("frame", "time", "pooled")
    times = frames["time"].to_list()
    clip = Clip(
        pictures=pictures,
        timelines={metric: draw_timeline(times, frames[metric].to_list()) for metric in table.metrics},
        pooled=table.frame.filter(pl.col("pooled").is_not_null()).select("pooled", *table.metrics).to_dicts(),
    )
    write_score_page(dataclasses.replace(table, frame=named), path, maps=maps, clip=clip)
