"""The run itself: batches of pictures through every metric."""

from __future__ import annotations

import copy
import dataclasses
import math
from typing import TYPE_CHECKING, Any

import torch

from beholder.catalog import create_metric, create_no_reference_metric, describe_metric
from beholder.ops.allocator import keep_freed_memory
from beholder.scoring.batches import cut_batches, is_large
from beholder.scoring.measuring import Measurer, Outcome, too_large
from beholder.scoring.memory import is_out_of_memory
from beholder.scoring.pairs import ScoredPair
from beholder.scoring.parallel import map_over_cores
from beholder.scoring.planner import in_own_order, plan
from beholder.scoring.provenance import describe_run
from beholder.scoring.reader import read_pairs_ahead
from beholder.scoring.settings import Settings
from beholder.spec import Metric, MetricSpec, NoReferenceMetric, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from beholder.images import Pair
    from beholder.scoring.pairs import LoadedPair, Planned

__all__ = ["Scorer"]


class Scorer:
    """Metrics, loaded once, that score any number of pairs.

    On a processor, scoring has the C library keep freed memory for the process: see `beholder.ops.allocator`.

    Args:
        metrics: Catalogue names, with options if wished (``"psnr_y:border=4"``), or metrics of your own (see
            `beholder.adapters.wrap_metric`), which are moved to the device; each becomes a column. Those that judge
            a picture alone (``"niqe:natural.safetensors"``) are shown the distorted one.
        settings: How to score.
        maps: Whether to compute the maps of metrics that have one.

    Attributes:
        settings: How to score.
        metrics: The metrics, by the names of their columns.

    Raises:
        UsageError: If a metric is unknown, none or named twice, or none is named.
        WeightsError: If weights are missing.
    """

    def __init__(
        self,
        metrics: Sequence[str | Metric | NoReferenceMetric],
        settings: Settings | None = None,
        *,
        maps: bool = False,
    ) -> None:
        if isinstance(metrics, str):
            raise UsageError(f"metrics is {metrics!r}; expected a list of names, such as [{metrics!r}].")
        if not metrics:
            raise UsageError("no metric is named; `beholder metrics` lists them all.")
        names = [_name_of(metric) for metric in metrics]
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise UsageError(f"named twice: {', '.join(repeated)}.")
        self.settings = settings or Settings()
        self.metrics: dict[str, Metric | NoReferenceMetric] = {}
        for name, given in zip(names, metrics, strict=True):
            self.metrics[name] = _create(given) if isinstance(given, str) else given
        self._maps = maps
        self._measurer = Measurer(self.metrics, self.settings, maps=maps)
        self._own = {given.spec.name for given in metrics if not isinstance(given, str)}

    def only(self, names: Sequence[str]) -> Scorer:
        """A scorer of some of these metrics, which it shares.

        Args:
            names: Names of columns, in the order of the new ones.
        """
        fewer = copy.copy(self)
        fewer.metrics = {name: self.metrics[name] for name in names}
        fewer._measurer = Measurer(fewer.metrics, self.settings)
        return fewer

    def stream(self, pairs: Iterable[Pair]) -> Iterator[ScoredPair]:
        """Score pairs, in order; pictures are decoded ahead, memory stays bounded.

        Pairs of one reference are gathered from the neighbourhood and scored together, but where maps are computed,
        which would have to wait for their turn.
        """
        return in_own_order(self.stream_planned(plan(pairs, gather=not self._maps)))

    def stream_planned(self, pairs: Iterable[Planned]) -> Iterator[ScoredPair]:
        """Score pairs one after another, in the order in which they come, as `stream` does."""
        return self.stream_loaded(read_pairs_ahead(pairs, self.settings))

    def stream_loaded(self, pairs: Iterable[LoadedPair]) -> Iterator[ScoredPair]:
        """Score pairs whose pictures are decoded, in order; they are taken only as they are needed."""
        return self.stream_batches(cut_batches(pairs, self.settings))

    def stream_batches(self, batches: Iterable[Sequence[LoadedPair]]) -> Iterator[ScoredPair]:
        """Score pairs that were put into batches, in order."""
        if torch.device(self.settings.device).type == "cpu":
            keep_freed_memory()
            scored = map_over_cores(self._score, batches, is_large)
        else:
            scored = map(self._score, batches)
        for batch in scored:
            for place, pair in enumerate(batch, 1):
                yield pair if place == len(batch) else dataclasses.replace(pair, ends_batch=False)

    def provenance(self) -> dict[str, Any]:
        """Where the numbers come from; warnings of a run are added by who sees them."""
        return describe_run(self.metrics, self.settings, self._measurer.told(), own=self._own)

    def _score(self, batch: Sequence[LoadedPair]) -> list[ScoredPair]:
        pictures = [(loaded.x, loaded.y) for loaded in batch if loaded.x is not None and loaded.y is not None]
        if not pictures:
            return [self._failed(loaded, loaded.error) for loaded in batch]
        try:
            outcomes, notes = self._measurer.measure([x for x, _ in pictures], [y for _, y in pictures])
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            return [self._failed(loaded, too_large(pictures[0][0])) for loaded in batch]
        return [
            _assemble(loaded, {name: outcome[place] for name, outcome in outcomes.items()}, notes)
            for place, loaded in enumerate(batch)
        ]

    def _failed(self, loaded: LoadedPair, error: str | None) -> ScoredPair:
        failed = dict.fromkeys(self.metrics)
        return ScoredPair(loaded.index, loaded.pair, failed, {}, loaded.notes, error, loaded.frame)


def _assemble(loaded: LoadedPair, outcomes: Mapping[str, Outcome], noted: Sequence[str]) -> ScoredPair:
    errors = []
    scores: dict[str, float | None] = {}
    for name, outcome in outcomes.items():
        scores[name] = outcome.score
        if outcome.error is not None:
            errors.append(f"{name}: {outcome.error}")
        elif outcome.score is not None and math.isnan(outcome.score):
            scores[name] = None
            errors.append(f"{name}: the score is not a number")
    maps = {name: outcome.map for name, outcome in outcomes.items() if outcome.map is not None}
    error = "; ".join(errors) or None
    notes = (*loaded.notes, *((loaded.pair.distorted, note) for note in noted))
    return ScoredPair(loaded.index, loaded.pair, scores, maps, notes, error, loaded.frame)


def _create(request: str) -> Metric | NoReferenceMetric:
    if describe_metric(request).needs_reference:
        return create_metric(request)
    return create_no_reference_metric(request)


def _name_of(metric: str | Metric | NoReferenceMetric) -> str:
    """The column of what was given as a metric."""
    if isinstance(metric, str):
        return metric
    spec = getattr(metric, "spec", None)
    if not (callable(metric) and isinstance(spec, MetricSpec)):
        raise UsageError(
            f"{metric!r} is no metric; expected a catalogue name, or an object that has a MetricSpec, as "
            "beholder.adapters.wrap_metric makes it."
        )
    return spec.name
