"""A set of judgements through metrics: each picture once, whatever the metrics."""

from __future__ import annotations

import itertools
import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from beholder.calibration.measured import MeasuredSet
from beholder.images import Pair
from beholder.scoring import Scorer
from beholder.scoring.reader import LoadedPair
from beholder.spec import PictureError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from beholder.data.judged import JudgementSet
    from beholder.scoring import Settings
    from beholder.spec import Metric

__all__ = ["measure"]

_AHEAD = 256  # rows whose pictures are decoded before their turn
# Which pictures of a row are compared: the one under test, and its reference.
_COMPARED = {"triplets": ((1, 0), (2, 0)), "pairs": ((1, 0),), "ratings": ((1, 0),)}


def measure(
    judged: JudgementSet,
    metrics: Sequence[str | Metric],
    settings: Settings | None = None,
    *,
    tell: Callable[[int, int], object] | None = None,
) -> MeasuredSet:
    """Distances of metrics for each row of a set; pictures are decoded once, whatever the metrics.

    Args:
        judged: What people said of which pictures.
        metrics: Catalogue names, with options if wished, or metrics of your own.
        settings: How to score.
        tell: Called with the number of rows that are done, and of all.

    Returns:
        The rows that could be measured; `MeasuredSet.errors` tells of the others. Scores of metrics where higher is
        better have their signs turned.

    Raises:
        UsageError: If a metric is unknown, judges pictures without a reference, or no row could be measured.
        WeightsError: If a metric's weights are missing or damaged.
    """
    scorer = Scorer(metrics, settings)
    if alone := [name for name, metric in scorer.metrics.items() if not metric.spec.needs_reference]:
        raise UsageError(
            f"{', '.join(alone)}: judges a picture alone; expected metrics that compare with a reference."
        )
    signs = {
        name: -1.0 if metric.spec.direction == "higher" else 1.0 for name, metric in scorer.metrics.items()
    }
    compared = _COMPARED[judged.kind]
    found = {name: np.full((len(judged), len(compared)), np.nan) for name in signs}
    errors: dict[int, str] = {}
    for scored in scorer.stream_loaded(_load(judged)):
        row, place = divmod(scored.index, len(compared))
        for name, score in scored.scores.items():
            found[name][row, place] = np.nan if score is None else signs[name] * score
        if scored.error is not None:
            errors[row] = scored.error
        if tell is not None and place == len(compared) - 1:
            tell(row + 1, len(judged))
    return _whole_rows(judged, found, errors, {**scorer.provenance(), "judgements": str(judged.path)})


def _whole_rows(
    judged: JudgementSet,
    found: dict[str, NDArray[np.float64]],
    errors: dict[int, str],
    provenance: dict[str, Any],
) -> MeasuredSet:
    for name, distances in found.items():
        for row in np.flatnonzero(~np.isfinite(distances).all(1)):
            errors.setdefault(int(row), f"{name}: the score is not finite")
    names = {row: " and ".join(file.name for file in judged.files(row)[1:]) for row in errors}
    if len(errors) == len(judged):
        first = min(errors)
        raise UsageError(f"{judged.path}: no row could be measured; of {names[first]}: {errors[first]}.")
    parts = {name: judged.columns[name] for name in ("subset", "distortion") if name in judged.columns}
    measured = MeasuredSet(
        kind=judged.kind,
        answers=judged.answers,
        distances=found,
        parts={name: column for name, column in parts.items() if len(set(column.tolist())) > 1},
        groups=judged.groups(),
        better=judged.better or "higher",
        places=np.arange(len(judged)),
        provenance=provenance,
        errors=tuple((names[row], errors[row]) for row in sorted(errors)),
    )
    return measured.choose(~np.isin(np.arange(len(judged)), list(errors))) if errors else measured


def _load(judged: JudgementSet) -> Iterator[LoadedPair]:
    """All comparisons in order, decoded ahead in threads; both candidates have the same tensor as reference."""
    compared = _COMPARED[judged.kind]
    rows = iter(range(len(judged)))
    with ThreadPoolExecutor(max(2, os.cpu_count() or 1)) as threads:
        waiting: deque[tuple[int, Future[Any]]] = deque()
        try:
            while True:
                for row in itertools.islice(rows, _AHEAD - len(waiting)):
                    waiting.append((row, threads.submit(_decode, judged, row)))
                if not waiting:
                    return
                row, pictures = waiting.popleft()
                yield from _pairs(judged, row, pictures.result(), compared)
        finally:
            threads.shutdown(cancel_futures=True)


def _decode(judged: JudgementSet, row: int) -> tuple[Tensor, ...] | str:
    try:
        return judged.pictures(row)
    except PictureError as error:
        return str(error)


def _pairs(
    judged: JudgementSet,
    row: int,
    pictures: tuple[Tensor, ...] | str,
    compared: tuple[tuple[int, int], ...],
) -> Iterator[LoadedPair]:
    files = judged.files(row)
    for place, (under_test, reference) in enumerate(compared):
        pair = Pair(Path(files[reference].name), Path(files[under_test].name))
        index = row * len(compared) + place
        if isinstance(pictures, str):
            yield LoadedPair(index, pair, error=pictures)
        else:
            yield LoadedPair(index, pair, pictures[under_test], pictures[reference])
