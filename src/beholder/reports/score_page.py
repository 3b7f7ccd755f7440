"""The score page: one HTML file with a score table's numbers, pictures, heat maps and provenance."""

from __future__ import annotations

import dataclasses
import math
import os
import re
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from beholder.images import Address, as_file
from beholder.reports.album import Album, PairFiles, fill_album
from beholder.reports.folders import common_folder
from beholder.reports.heat import heat_palette
from beholder.reports.page import json_for_script, readable_date, write_page
from beholder.reports.summary import Summary, summarise_column
from beholder.scoring import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from beholder.images import File
    from beholder.reports.timeline import Timeline
    from beholder.scoring import ScoreTable, StoredScores

__all__ = ["Clip", "write_score_page"]

_ROLES = ("reference", "distorted")
_TOLD_APART = {
    "metrics",
    "rows",
    "video",
    "warnings",
    "warnings_left_out",
    "created",
    "command",
    "stopped",
}  # shown in places of their own


@dataclasses.dataclass(frozen=True)
class Clip:
    """What a page shows of a video beside its frames.

    Attributes:
        pictures: Saved frames, the reference's and the one under test, by row; the others have no pictures.
        timelines: Metric -> its line over time, where it can be drawn.
        pooled: A row for each pooling: ``pooled`` (its name) and a score for each metric.
    """

    pictures: Mapping[int, tuple[Path, Path]]
    timelines: Mapping[str, Timeline | None]
    pooled: Sequence[Mapping[str, Any]]


def write_score_page(
    table: ScoreTable,
    path: Path,
    *,
    maps: Mapping[tuple[int, str], Path] | None = None,
    picture_budget: int = 25_000_000,
    clip: Clip | None = None,
    beside: Mapping[str, str] | None = None,
    whole: StoredScores | None = None,
) -> None:
    """Write a score table as one HTML page that opens offline.

    The page holds the distribution of every metric, the table, a viewer with a slider between reference and
    distorted picture, and the provenance. Pictures are embedded worst pairs first, by the first metric, with
    the pixels that were scored; a pair that could not be scored at all has none.

    Args:
        table: Scores of pairs, with their provenance.
        path: The page to write, replaced whole or not at all; its folder is created where missing.
        maps: Saved heat maps, by row of the table and metric.
        picture_budget: Most bytes of the page that pictures and heat maps may take. Pairs beyond it
            keep their row and their scores, and the page says why their pictures are missing.
        clip: What belongs to it where the rows are frames of a video.
        beside: Pages in the same folder that it points to: words, and name of the file.
        whole: All scores, where the table holds the worst of them only: the distributions are theirs.
    """
    rows = _worst_first(table)
    pictures = None if clip is None else clip.pictures
    album = fill_album(_pair_files(table, rows, maps or {}, pictures), picture_budget, _settings(table))
    whole = whole or table.stored()
    summaries = [summarise_column(whole.frame, name) for name in table.metrics]
    write_page(
        path,
        "score.html.j2",
        styles=("page.css", "score.css"),
        script="score.js",
        context=_context(table, album, summaries, clip, beside or {}) | _totals(table, whole, album, clip),
    )


def _worst_first(table: ScoreTable) -> list[int]:
    """Rows from least to most alike by the first metric; rows without its score come last."""
    rows = list(range(table.frame.height))
    if not table.metrics:
        return rows
    first = table.metrics[0]
    scores = table.frame[first].to_list()
    sign = 1.0 if table.provenance["metrics"][first]["direction"] == "higher" else -1.0

    def rank(row: int) -> tuple[bool, float]:
        score = scores[row]
        failed = score is None or math.isnan(score)
        return (failed, 0.0 if failed else sign * score)

    return sorted(rows, key=rank)


def _settings(table: ScoreTable) -> Settings:
    told = table.provenance
    return Settings(
        resize=told["resize"], background=told["background"], max_pixels=told["max_pixels"], device="cpu"
    )


def _pair_files(
    table: ScoreTable,
    rows: Iterable[int],
    maps: Mapping[tuple[int, str], Path],
    pictures: Mapping[int, tuple[Path, Path]] | None,
) -> Iterable[PairFiles]:
    """The files of all pairs but those that failed whole: what could not be read then is not tried again."""
    for row in rows:
        told = table.frame.row(row, named=True)
        if told["error"] is not None and all(told[name] is None for name in table.metrics):
            continue
        own = {name: maps[row, name] for name in table.metrics if (row, name) in maps}
        if pictures is None:
            yield PairFiles(row, _file(told["reference"]), _file(told["distorted"]), own)
        elif row in pictures:
            yield PairFiles(row, *pictures[row], own)


def _file(name: str) -> File:
    r"""The file that a name in a table stands for: there, bytes that are not UTF-8 are written as ``\xNN``."""
    if isinstance(file := as_file(name), Address) or os.path.lexists(name):
        return file
    raw = re.sub(rb"\\x([0-9a-f]{2})", lambda match: bytes.fromhex(match[1].decode()), os.fsencode(name))
    return Path(os.fsdecode(raw))


def _context(
    table: ScoreTable,
    album: Album,
    summaries: Sequence[Summary],
    clip: Clip | None,
    beside: Mapping[str, str],
) -> dict[str, Any]:
    provenance, frame = table.provenance, table.frame
    specs = [{**provenance["metrics"][name], "name": name} for name in table.metrics]
    folders = {role: common_folder(frame[role].to_list()) for role in _ROLES}
    return {
        "data": json_for_script(_page_data(table, album, summaries, folders, clip)),
        "uris": album.uris,
        "columns": list(zip(specs, summaries, strict=True)),
        "mapped": [
            name for name in table.metrics if any(name in each.maps for each in album.exhibits.values())
        ],
        "clip": clip,
        "unit": "pair" if clip is None else "frame",
        "folders": folders,
        "created": readable_date(str(provenance.get("created", ""))),
        "command": provenance.get("command"),
        "stopped": provenance.get("stopped"),
        "settings": _told_settings(provenance),
        "warnings": provenance.get("warnings", ()),
        "beside": beside,
    }


def _totals(table: ScoreTable, whole: StoredScores, album: Album, clip: Clip | None) -> dict[str, Any]:
    """How many pairs there are, and how many of them the page shows."""
    error = pl.col("error")
    counted = whole.frame.select(pairs=pl.len(), failed=pl.len() - error.null_count())
    told = counted.collect(engine="streaming").row(0, named=True)
    shown, note = table.frame.height, _picture_note(table, album, clip)
    if shown < told["pairs"]:
        worst = f"The {shown:,} worst of {told['pairs']:,} pairs by {table.metrics[0]} are listed; the distributions are of all."
        note = f"{worst} {note}".strip()
    return {**told, "picture_note": note}


def _told_settings(provenance: Mapping[str, Any]) -> dict[str, Any]:
    told = {key: value for key, value in provenance.items() if key not in _TOLD_APART and value is not None}
    video = provenance.get("video")
    if video:
        for role in _ROLES:
            width, height = video[role]["size"]
            rate, count = float(Fraction(video[role]["rate"])), video[role]["frames"]
            told[f"{role} video"] = f"{width}x{height}, {rate:.5g} frames/s, {count:,} frames"
        told |= {"align": video["align"], "every": video["every"]}
    return told


def _page_data(
    table: ScoreTable,
    album: Album,
    summaries: Iterable[Summary],
    folders: Mapping[str, str],
    clip: Clip | None,
) -> dict[str, Any]:
    """All that the page's script reads: columns rather than rows, and names without their common folder."""
    frame = table.frame
    metrics = []
    for name, summary in zip(table.metrics, summaries, strict=True):
        spec = table.provenance["metrics"][name]
        told = {key: spec[key] for key in ("title", "direction", "unit", "map_range")}
        shape = {key: getattr(summary, key) for key in ("low", "high", "decimals", "start", "step")}
        bins = len(summary.counts)
        metrics.append({"name": name, **told, **shape, "bins": bins, "scores": frame[name].to_list()})
    return {
        "folders": folders,
        "names": {role: [name[len(folders[role]) :] for name in frame[role].to_list()] for role in _ROLES},
        "errors": frame["error"].to_list(),
        "notes": _notes(table),
        "metrics": metrics,
        "exhibits": {row: dataclasses.asdict(exhibit) for row, exhibit in album.exhibits.items()},
        "leftOut": album.left_out,
        "notEmbedded": _not_embedded(album, clip),
        "palette": heat_palette(),
        "provenance": table.provenance,
    }


def _notes(table: ScoreTable) -> list[tuple[str, list[str]]]:
    """Files of the table, each with what was changed on its way in, from warnings of the form "file: note"."""
    files = {name for role in _ROLES for name in table.frame[role].to_list()}
    notes: dict[str, list[str]] = {}
    for warning in table.provenance.get("warnings", ()):
        parts = warning.split(": ")
        # A name may hold ": " itself; the longest that is one of the table's files counts.
        names = (": ".join(parts[:end]) for end in range(len(parts) - 1, 0, -1))
        name = next((name for name in names if name in files), None)
        if name is not None:
            notes.setdefault(name, []).append(warning.removeprefix(f"{name}: "))
    return list(notes.items())


def _not_embedded(album: Album, clip: Clip | None) -> str:
    """Why a pair without an error of its own has no pictures."""
    if clip is not None:
        return "The picture of this frame is not embedded: the page shows a few of the worst."
    budget = f"the page's picture budget is {album.budget / 1e6:.4g} MB, and worse pairs used it"
    return f"The pictures of this pair are not embedded: {budget}."


def _picture_note(table: ScoreTable, album: Album, clip: Clip | None) -> str:
    if clip is not None:
        return f"Pictures are embedded for {len(album.exhibits)} of the worst frames by {table.metrics[0]}."
    shown, pairs = len(album.exhibits), table.frame.height
    if shown == pairs:
        return ""
    if album.full:
        note = (
            f"Pictures are embedded for the {shown:,} worst of {pairs:,} pairs by {table.metrics[0]}: "
            f"the page's picture budget is {album.budget / 1e6:.4g} MB."
        )
        if album.left_out:
            note += f" {len(album.left_out):,} more pairs have pictures that cannot be shown."
        return note
    if not shown:
        return "No pictures could be embedded; select a pair to see why."
    return f"Pictures are embedded for {shown:,} of {pairs:,} pairs; select one of the others to see why."
