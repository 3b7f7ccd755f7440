"""Requests that come together, scored together."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import functools
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Sequence

    from beholder.scoring import ScoredPair, Scorer
    from beholder.scoring.pairs import LoadedPair
    from beholder.serving.measures import Measures

__all__ = ["Batcher"]

_KEPT = 4  # sets of metrics that requests asked for last


@dataclasses.dataclass(frozen=True, eq=False)
class _Waiting:
    loaded: LoadedPair
    names: tuple[str, ...]
    done: asyncio.Future[ScoredPair]

    def goes_with(self, other: _Waiting) -> bool:
        if self.loaded.x is None or other.loaded.x is None:
            return False
        return self.names == other.names and self.loaded.x.shape == other.loaded.x.shape


class Batcher:
    """Scores pairs that wait together, of one size and for the same metrics, in one go.

    The arithmetic has a thread of its own. What comes meanwhile waits, and makes up the next batches.

    Args:
        scorer: What scores.
        measures: Told of each batch.
        gather: Seconds that a pair waits for others when nothing is being scored.
    """

    def __init__(self, scorer: Scorer, measures: Measures, gather: float) -> None:
        # A scorer of some of the metrics may take a second to make.
        self._only = functools.lru_cache(maxsize=_KEPT)(scorer.only)
        self._measures = measures
        self._gather = gather
        self._waiting: list[_Waiting] = []
        self._arrived = asyncio.Event()
        self._arithmetic = ThreadPoolExecutor(1, "arithmetic")

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        self._arithmetic.shutdown(cancel_futures=True)

    async def score(self, loaded: LoadedPair, names: tuple[str, ...]) -> ScoredPair:
        """Score a pair in the next batch that it goes with.

        Args:
            loaded: The pair.
            names: The metrics.
        """
        waiting = _Waiting(loaded, names, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._arrived.set()
        return await waiting.done

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            await asyncio.sleep(self._gather)
            while batch := self._take():
                with self._measures.count_batch(len(batch)):
                    await loop.run_in_executor(self._arithmetic, self._score, batch, loop)

    def _take(self) -> list[_Waiting]:
        """Take out the pair that has waited longest, and all that go with it."""
        self._waiting = [each for each in self._waiting if not each.done.done()]  # given up
        if not self._waiting:
            return []
        first, *others = self._waiting
        batch = [first, *(each for each in others if each.goes_with(first))]
        self._waiting = [each for each in others if not each.goes_with(first)]
        return batch

    def _score(self, batch: Sequence[_Waiting], loop: asyncio.AbstractEventLoop) -> None:
        scorer = self._only(batch[0].names)
        answered = 0
        try:
            for scored in scorer.stream_loaded(each.loaded for each in batch):
                loop.call_soon_threadsafe(_answer, batch[answered].done, scored)
                answered += 1
        except Exception as error:  # noqa: BLE001 -- whatever it is, it must not take the others along
            if len(batch) == 1:
                loop.call_soon_threadsafe(_fail, batch[0].done, error)
                return
            for each in batch[answered:]:
                self._score([each], loop)


def _answer(done: asyncio.Future[ScoredPair], scored: ScoredPair) -> None:
    if not done.done():
        done.set_result(scored)


def _fail(done: asyncio.Future[ScoredPair], error: Exception) -> None:
    if not done.done():
        done.set_exception(error)
