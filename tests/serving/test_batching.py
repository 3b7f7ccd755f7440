"""Pairs that come together are scored together, and fail alone."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest
import torch
from torch import Tensor

from beholder.adapters import wrap_metric
from beholder.images import Pair
from beholder.scoring import ScoredPair, Scorer
from beholder.scoring.pairs import LoadedPair
from beholder.serving.admission import Admission
from beholder.serving.batching import Batcher
from beholder.serving.measures import Measures


class Watched:
    """A metric that gives the mean of each picture, and breaks at a picture that is white."""

    def __init__(self) -> None:
        self.seen: list[float] = []

    def __call__(self, x: Tensor, y: Tensor) -> Tensor:
        if bool((x == 1).all(dim=(1, 2, 3)).any()):
            raise ValueError("white")
        means = x.mean(dim=(1, 2, 3))
        self.seen += means.tolist()
        return means


def load(value: float, side: int = 8) -> LoadedPair:
    x = torch.full((3, side, side), value)
    return LoadedPair(0, Pair(Path("reference"), Path("distorted")), x, torch.zeros_like(x))


class Counted(Measures):
    def __init__(self) -> None:
        super().__init__(Admission(1, 1))
        self.batches: list[int] = []

    def count_batch(self, pairs: int) -> contextlib.AbstractContextManager[None]:
        self.batches.append(pairs)
        return super().count_batch(pairs)


def score_together(
    loaded: list[LoadedPair], counted: Counted, metric: Watched | None = None
) -> list[ScoredPair | BaseException]:
    scorer = Scorer([wrap_metric(metric or Watched(), name="mean", direction="lower", best=0.0)])

    async def run() -> list[ScoredPair | BaseException]:
        async with Batcher(scorer, counted, 0.02) as batcher:
            return await asyncio.gather(
                *(batcher.score(each, ("mean",)) for each in loaded), return_exceptions=True
            )

    return asyncio.run(run())


def scores(scored: list[ScoredPair | BaseException]) -> list[float | None]:
    return [each.scores["mean"] for each in scored if isinstance(each, ScoredPair)]


def test_pairs_of_one_size_make_one_batch_and_each_gets_its_own_score() -> None:
    counted = Counted()
    values = [place / 16 for place in range(12)]
    assert scores(score_together([load(value) for value in values], counted)) == pytest.approx(values)
    assert counted.batches == [12]


def test_sizes_are_kept_apart_and_the_first_to_come_goes_first() -> None:
    counted = Counted()
    sizes = [8, 16, 8, 24, 16, 8]
    scored = score_together([load(place / 8, side) for place, side in enumerate(sizes)], counted)
    assert scores(scored) == pytest.approx([place / 8 for place in range(6)])
    assert counted.batches == [3, 2, 1]


def test_a_pair_that_breaks_a_metric_fails_alone() -> None:
    scored = score_together([load(0.25), load(1.0), load(0.5)], Counted())
    assert scores(scored) == pytest.approx([0.25, 0.5])
    assert isinstance(scored[1], ValueError)


def test_a_pair_that_was_given_up_is_not_scored() -> None:
    metric = Watched()
    scorer = Scorer([wrap_metric(metric, name="mean", direction="lower", best=0.0)])

    async def run() -> None:
        async with Batcher(scorer, Counted(), 0.05) as batcher:
            given_up = asyncio.create_task(batcher.score(load(0.25), ("mean",)))
            await asyncio.sleep(0)
            given_up.cancel()
            await batcher.score(load(0.5), ("mean",))

    asyncio.run(run())
    assert metric.seen == [0.5]


def test_metrics_that_are_not_asked_for_are_not_computed() -> None:
    asked, other = Watched(), Watched()
    scorer = Scorer(
        [
            wrap_metric(metric, name=name, direction="lower", best=0.0)
            for name, metric in (("asked", asked), ("other", other))
        ]
    )

    async def run() -> list[ScoredPair]:
        async with Batcher(scorer, Counted(), 0.02) as batcher:
            names: list[tuple[str, ...]] = [("asked",), ("asked", "other"), ("asked",)]
            return await asyncio.gather(*(batcher.score(load(0.5), each) for each in names))

    scored = asyncio.run(run())
    assert [list(each.scores) for each in scored] == [["asked"], ["asked", "other"], ["asked"]]
    assert (len(asked.seen), len(other.seen)) == (3, 1)
    assert list(scorer.metrics) == ["asked", "other"]
