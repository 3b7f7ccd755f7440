"""A set of judgements through metrics, all of them in one pass."""

from __future__ import annotations

import itertools
import os
from collections import OrderedDict, deque
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from beholder.calibration.measured import MeasuredSet
from beholder.data.judged.sets import unequal
from beholder.images import Pair
from beholder.scoring import Scorer
from beholder.scoring.pairs import LoadedPair
from beholder.spec import PictureError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from beholder.data.judged import JudgementSet, PictureFile
    from beholder.scoring import Settings
    from beholder.spec import Metric

__all__ = ["measure"]

# Rows whose pictures are decoded before their turn: as many as 400 MB hold.
_FIRST_AHEAD, _MOST_AHEAD, _NUMBERS_AHEAD = 8, 256, 100_000_000
_REFERENCES_KEPT = 4
# Which pictures of a row are compared: the one under test, and its reference.
_COMPARED = {"triplets": ((1, 0), (2, 0)), "pairs": ((1, 0),), "ratings": ((1, 0),)}


def measure(
    judged: JudgementSet,
    metrics: Sequence[str | Metric],
    settings: Settings | None = None,
    *,
    tell: Callable[[int, int], object] | None = None,
    tell_groups: Callable[[int, int], object] | None = None,
) -> MeasuredSet:
    """Distances of metrics for each row of a set; neighbouring rows share a reference's picture and features.

    Args:
        judged: What people said of which pictures.
        metrics: Catalogue names, with options if wished, or metrics of your own.
        settings: How to score.
        tell: Called with the number of rows that are done, and of all.
        tell_groups: Called with the number of references that are read for their groups, and of all, where a set does not
            name them.

    Returns:
        The rows that could be measured; `MeasuredSet.errors` tells of the others. Scores of metrics where higher is
        better have their signs turned, and infinite ones (PSNR of equal pictures) lie a tenth of the others' range
        beyond them.

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
    for distances in found.values():
        _bound(distances)
    provenance = {**scorer.provenance(), "judgements": str(judged.path)}
    return _whole_rows(judged, found, errors, provenance, tell_groups)


def _bound(distances: NDArray[np.float64]) -> None:
    """Put infinite distances, of equal pictures by PSNR, a tenth of the others' range beyond them: their order stays."""
    finite = distances[np.isfinite(distances)]
    if len(finite):
        beyond = (finite.max() - finite.min()) / 10 or 1.0
        distances[distances == np.inf] = finite.max() + beyond
        distances[distances == -np.inf] = finite.min() - beyond


def _whole_rows(
    judged: JudgementSet,
    found: dict[str, NDArray[np.float64]],
    errors: dict[int, str],
    provenance: dict[str, Any],
    tell_groups: Callable[[int, int], object] | None,
) -> MeasuredSet:
    for name, distances in found.items():
        for row in np.flatnonzero(~np.isfinite(distances).all(1)):
            errors.setdefault(int(row), f"{name}: the score is not finite")
    names = {row: " and ".join(file.name for file in judged.files(row)[1:]) for row in errors}
    if len(errors) == len(judged):
        first = min(errors)
        raise UsageError(f"{judged.path}: no row could be measured; of {names[first]}: {errors[first]}.")
    places = np.setdiff1d(np.arange(len(judged)), list(errors))
    kept = judged.choose(places)
    parts = {name: kept.columns[name] for name in ("subset", "distortion") if name in kept.columns}
    return MeasuredSet(
        kind=judged.kind,
        answers=kept.answers,
        distances={name: distances[places] for name, distances in found.items()},
        parts={name: column for name, column in parts.items() if len(set(column.tolist())) > 1},
        groups=kept.groups(tell_groups),
        votes=votes if (votes := kept.columns.get("votes")) is not None and votes.any() else None,
        standard_errors=kept.columns.get("standard_error"),
        better=judged.better or "higher",
        places=places,
        provenance=provenance,
        errors=tuple((names[row], errors[row]) for row in sorted(errors)),
    )


def _load(judged: JudgementSet) -> Iterator[LoadedPair]:
    """All comparisons in order, decoded ahead in threads; rows of one reference have the same tensor of it."""
    compared = _COMPARED[judged.kind]
    with ThreadPoolExecutor(max(2, os.cpu_count() or 1)) as threads:
        references: OrderedDict[PictureFile, Future[Tensor]] = OrderedDict()

        def start(row: int) -> tuple[tuple[PictureFile, ...], list[Future[Tensor]]]:
            files = judged.files(row)
            if files[0] not in references:
                references[files[0]] = threads.submit(files[0].pixels)
                if len(references) > _REFERENCES_KEPT:
                    references.popitem(last=False)
            references.move_to_end(files[0])
            return files, [references[files[0]], *(threads.submit(file.pixels) for file in files[1:])]

        rows = iter(range(len(judged)))
        waiting: deque[tuple[int, tuple[tuple[PictureFile, ...], list[Future[Tensor]]]]] = deque()
        ahead = _FIRST_AHEAD
        try:
            while True:
                for row in itertools.islice(rows, max(0, ahead - len(waiting))):
                    waiting.append((row, start(row)))
                if not waiting:
                    return
                row, (files, futures) = waiting.popleft()
                pictures = _pixels(files, futures)
                if not isinstance(pictures, str):
                    size = sum(picture.numel() for picture in pictures)
                    ahead = max(_FIRST_AHEAD, min(_MOST_AHEAD, _NUMBERS_AHEAD // size))
                yield from _pairs(row, files, pictures, compared)
        finally:
            threads.shutdown(cancel_futures=True)


def _pixels(files: Sequence[PictureFile], futures: Sequence[Future[Tensor]]) -> list[Tensor] | str:
    """The pictures of a row, or why there are none."""
    try:
        pictures = [future.result() for future in futures]
    except PictureError as error:
        return str(error)
    sizes = [(picture.shape[1], picture.shape[2]) for picture in pictures]
    return unequal(files, sizes) if len(set(sizes)) > 1 else pictures


def _pairs(
    row: int,
    files: Sequence[PictureFile],
    pictures: list[Tensor] | str,
    compared: tuple[tuple[int, int], ...],
) -> Iterator[LoadedPair]:
    for place, (under_test, reference) in enumerate(compared):
        pair = Pair(Path(files[reference].name), Path(files[under_test].name))
        index = row * len(compared) + place
        if isinstance(pictures, str):
            yield LoadedPair(index, pair, error=pictures)
        else:
            yield LoadedPair(index, pair, pictures[under_test], pictures[reference])
