"""What the machines of a cluster do: list pairs, decode them, score them.

Each step takes rows of one column and hands out such rows; in each stands one object, as bytes. Errors of ours travel
as rows, too, so that they reach the user in our words.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import itertools
import os
import pickle
import platform
from typing import TYPE_CHECKING, Any

import torch

from beholder.scoring.batches import cut_batches
from beholder.scoring.manifest import PASSING
from beholder.scoring.memory import available_memory, limit_memory
from beholder.scoring.pairs import LoadedPair
from beholder.scoring.parcels import pack, unpack
from beholder.scoring.planner import plan_after
from beholder.scoring.reader import read_pairs_ahead
from beholder.scoring.scorer import Scorer
from beholder.spec import BeholderError, ClusterError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

    from beholder.scoring.pairs import Planned, ScoredPair
    from beholder.scoring.settings import Settings

__all__ = ["Order", "Worker", "count_deaths", "decode", "list_blocks", "open_rows"]

_PARCEL_BYTES = 16_000_000
_MOST_DEATHS = 3


def count_deaths() -> type:
    """A class that counts how often work was begun and not ended: each time, a worker has died of it, or with it.

    It is made here so that Ray sends its code: its process need not load PyTorch.
    """

    class Deaths:
        def __init__(self) -> None:
            self._begun: dict[str, int] = {}
            self._again = False

        def begin(self, work: str) -> int:
            before = self._begun.get(work, 0)
            self._begun[work] = before + 1
            self._again |= before > 0
            return before

        def end(self, work: str) -> None:
            self._begun.pop(work, None)

        def any(self) -> bool:
            return self._again

    return Deaths


@dataclasses.dataclass(frozen=True)
class Order:
    """What is to be scored, and how.

    Attributes:
        metrics: Names of the metrics.
        settings: How to score.
        maps: Whether to compute maps.
        run: The provenance that a worker's scorer must have, too.
        folder: Where relative names start.
        cores: How many cores a worker takes.
        neighbours: Most workers on one machine, among them this one, that share its memory.
        deaths: A handle of what `count_deaths` makes; the plan brings it.
    """

    metrics: Sequence[str]
    settings: Settings
    maps: bool
    run: Mapping[str, Any]
    folder: Path
    cores: int
    neighbours: int
    deaths: Any = None

    def settle(self) -> None:
        """Set up the process that works on it, folder and memory, and the thread, which has its own number of cores."""
        _settle(self.folder, self.neighbours)
        torch.set_num_threads(self.cores)

    @contextlib.contextmanager
    def attempt(self, work: str) -> Iterator[int]:
        """Begin work; hands out how many workers died of it, or with it."""
        import ray

        yield ray.get(self.deaths.begin.remote(work))
        self.deaths.end.remote(work)


def list_blocks(_: pa.Table, order: Order, pairs: Any, done: int) -> Iterator[pa.Table]:
    """The plan of a run behind the turns that are done, in blocks, each with the first of its turns.

    Args:
        _: Nothing.
        order: What is to be scored.
        pairs: A handle of the run's `Pairs`.
        done: How many turns are done.
    """
    import ray

    order.settle()
    block: list[Planned] = []
    try:
        for turn, planned in enumerate(plan_after(ray.get(pairs), done), done + 1):
            block.append(planned)
            if planned.ends_block:
                yield _row((turn - len(block), block))
                block = []
        if block:
            yield _row((turn - len(block), block))
    except BeholderError as error:
        yield _row(error)


def decode(rows: pa.Table, order: Order) -> Iterator[pa.Table]:
    """Blocks of pairs into parcels of decoded batches, each with a name, as soon as there is enough for one."""
    order.settle()
    for told in open_rows(rows):
        if isinstance(told, BeholderError):
            yield _row(told)
            continue
        turn, block = told
        with order.attempt(f"block {turn}") as deaths:
            for number, parcel in enumerate(_parcels(_read(block, order, deaths), order.settings)):
                yield _row((f"parcel {turn}.{number}", pack(parcel)))


class Worker:
    """A scorer, made once, that scores parcels.

    Args:
        order: What it is to score.
    """

    def __init__(self, order: Order) -> None:
        self._order = order
        self._refusal: BeholderError | None = None
        order.settle()
        try:
            self._scorer = _make_scorer(order)
        except BeholderError as error:
            self._refusal = ClusterError(f"the worker on {platform.node()}: {error}")

    def __call__(self, rows: pa.Table) -> Iterator[pa.Table]:
        """Score parcels: a row for each, with its `ScoredPair`s."""
        self._order.settle()
        for told in open_rows(rows):
            if isinstance(told, BeholderError) or self._refusal:
                yield _row(self._refusal or told)
                continue
            name, parcel = told
            with self._order.attempt(name) as deaths:
                batches = unpack(parcel)
                # Only the batch that kills workers is to fail.
                alone = (self._score_alone(f"{name}.{place}", batch) for place, batch in enumerate(batches))
                scored = list(itertools.chain(*alone) if deaths else self.score(batches))
            yield _row(scored)

    def score(self, batches: Iterable[Sequence[LoadedPair]]) -> Iterator[ScoredPair]:
        """Score pairs that were put into batches."""
        return self._scorer.stream_batches(batches)

    def _score_alone(self, name: str, batch: Sequence[LoadedPair]) -> list[ScoredPair]:
        with self._order.attempt(name) as deaths:
            if deaths >= _MOST_DEATHS:
                batch = [dataclasses.replace(loaded, x=None, y=None, error=_died(deaths)) for loaded in batch]
            return list(self.score([batch]))


def open_rows(rows: pa.Table) -> Iterator[Any]:
    """What stands in rows of a step."""
    for told in rows["told"]:
        yield pickle.loads(told.as_buffer())  # noqa: S301  # from a process of the same run


def _row(told: BeholderError | tuple[Any, ...] | Sequence[ScoredPair]) -> pa.Table:
    import pyarrow as pa

    data = pickle.dumps(told, protocol=pickle.HIGHEST_PROTOCOL)
    return pa.table({"told": pa.array([data], pa.large_binary())})


def _read(block: Sequence[Planned], order: Order, deaths: int) -> Iterator[LoadedPair]:
    if deaths < _MOST_DEATHS - 1:
        return read_pairs_ahead(block, order.settings, cores=order.cores)
    # Only the pair that kills workers is to fail.
    return itertools.chain.from_iterable(_read_alone(planned, order) for planned in block)


def _read_alone(planned: Planned, order: Order) -> Iterator[LoadedPair]:
    with order.attempt(f"pair {planned.index}") as deaths:
        if deaths >= _MOST_DEATHS:
            yield LoadedPair(planned.index, planned.pair, error=_died(deaths))
        else:
            yield from read_pairs_ahead([planned], order.settings, cores=order.cores)


def _died(deaths: int) -> str:
    return f"{deaths} workers died while they worked on this pair and its neighbours"


def _parcels(pairs: Iterable[LoadedPair], settings: Settings) -> Iterator[list[list[LoadedPair]]]:
    """Batches, as many as make a parcel."""
    parcel: list[list[LoadedPair]] = []
    size = 0
    for batch in cut_batches(pairs, settings):
        parcel.append(batch)
        size += sum(2 * loaded.x.numel() for loaded in batch if loaded.x is not None)  # in 8 bits
        if size >= _PARCEL_BYTES:
            yield parcel
            parcel, size = [], 0
    if parcel:
        yield parcel


def _make_scorer(order: Order) -> Scorer:
    settings = dataclasses.replace(order.settings)  # which looks for engine and device here
    scorer = Scorer(order.metrics, settings, maps=order.maps)
    here = {key: value for key, value in scorer.provenance().items() if key not in PASSING}
    different = [key for key in order.run if key not in PASSING and here.get(key) != order.run[key]]
    if different:
        key = different[0]
        raise ClusterError(
            f"would score otherwise than the machine that asks: its {', '.join(different)} differ "
            f"({_short(here.get(key))}, there {_short(order.run[key])}); install the same on all."
        )
    return scorer


def _short(value: object) -> str:
    return "others" if isinstance(value, dict) else repr(value)


@functools.cache
def _settle(folder: Path, neighbours: int) -> None:
    with contextlib.suppress(OSError):  # where the folder is not, names that need it fail, each in its row
        os.chdir(folder)
    spare = available_memory()
    limit_memory(None if spare is None else spare // neighbours)
