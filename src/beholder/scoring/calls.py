"""Scoring from Python: a data frame, row by row, or a table that tells where its numbers come from."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from beholder.images import Pair, as_file
from beholder.scoring.notes import Notes
from beholder.scoring.pairs import as_text
from beholder.scoring.planner import plan
from beholder.scoring.scorer import Scorer
from beholder.scoring.table import ScoreTable
from beholder.spec import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import polars as pl

    from beholder.scoring.settings import Settings
    from beholder.spec import Metric, NoReferenceMetric

    Metrics: TypeAlias = Sequence[str | Metric | NoReferenceMetric]
    Files: TypeAlias = Pair | tuple[str | Path, str | Path]

__all__ = ["score", "score_iter", "score_table"]


def score(pairs: Iterable[Files], metrics: Metrics, settings: Settings | None = None) -> pl.DataFrame:
    """Score pairs of picture files with metrics.

    Args:
        pairs: Reference and distorted file of each pair: paths, or addresses in object storage (``"s3://..."``).
        metrics: Catalogue names, with options if wished (``"psnr_y:border=4"``), or metrics of your own.
        settings: How to score; by default sizes that differ are refused and the device is chosen.

    Returns:
        A row per pair: ``reference``, ``distorted``, a column per metric, and ``error``, which tells why a pair
        could not be scored. `score_table` tells where the numbers come from, too.

    Raises:
        UsageError: If a metric is unknown, or a pair is none.
        WeightsError: If weights are missing.

    Example:
        >>> frame = beholder.score([("reference.png", "restored.png")], ["lpips_alex", "ssim"])
        >>> frame["ssim"].mean()
    """
    return score_table(pairs, metrics, settings).frame


def score_table(pairs: Iterable[Files], metrics: Metrics, settings: Settings | None = None) -> ScoreTable:
    """Score pairs as `score` does; the table can be saved, and holds versions, settings and weights with the rows.

    Example:
        >>> table = beholder.score_table([("reference.png", "restored.png")], ["lpips_alex", "ssim"])
        >>> table.save("scores.parquet")
    """
    scorer = Scorer(metrics, settings)
    rows, notes = [], Notes()
    # A list is looked through before anything is scored; what comes one by one, with its pictures, is not held.
    told = [_as_pair(pair) for pair in pairs] if isinstance(pairs, Sequence) else map(_as_pair, pairs)
    for scored in scorer.stream(told):
        rows.append(scored.as_row())
        notes.add(f"{as_text(path)}: {note}" for path, note in scored.notes)
    return ScoreTable.from_rows(rows, {**scorer.provenance(), **notes.as_dict(), "stopped": None})


def score_iter(
    pairs: Iterable[Files], metrics: Metrics, settings: Settings | None = None
) -> Iterator[dict[str, Any]]:
    """Score pairs as `score` does, and hand out each row as it is there, in order.

    Pairs are taken as they are needed, and no row is kept: there may be any number of them. Unlike `score`, it does
    not look ahead for other pairs of a reference: list them behind one another.

    Example:
        >>> for row in beholder.score_iter(pairs, ["ssim"]):
        ...     print(row["distorted"], row["ssim"])
    """
    scorer = Scorer(metrics, settings)  # not in the generator: what is refused is refused at the call
    planned = plan(map(_as_pair, pairs), gather=False)
    return (scored.as_row() for scored in scorer.stream_planned(planned))


def _as_pair(given: object) -> Pair:
    match given:
        case Pair():
            return given
        case [(str() | os.PathLike()) as reference, (str() | os.PathLike()) as distorted]:
            return Pair(as_file(reference), as_file(distorted))
    raise UsageError(f"a pair is {given!r}; expected two files: (reference, distorted).")
