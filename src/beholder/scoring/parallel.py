"""Batches over the cores of a processor.

One thread a core, each with a batch of its own, beats all cores on one batch: nothing waits at the end of each
operation, which the threads that decode pictures would make longer still. Measured on two cores with 256x256
pictures and LPIPS-Alex: 13.9 ms a pair against 17.5 ms.
"""

from __future__ import annotations

import itertools
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["map_over_cores"]

Batch = TypeVar("Batch")
Result = TypeVar("Result")


def map_over_cores(
    function: Callable[[Batch], Result], batches: Iterable[Batch], is_large: Callable[[Batch], bool]
) -> Iterator[Result]:
    """Results of a function for each batch, in order, computed one batch a core.

    A large batch is computed alone, by all cores together, so that memory stays bounded; so is everything when
    there are fewer batches than cores.

    Args:
        function: What to compute; called from several threads at once.
        batches: What to compute it for; taken only as far ahead as there are cores.
        is_large: Whether a batch wants all cores and the memory for itself.
    """
    cores = torch.get_num_threads()
    batches = iter(batches)
    first = list(itertools.islice(batches, cores))
    if len(first) < cores or cores == 1:
        yield from map(function, itertools.chain(first, batches))
        return
    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(cores, initializer=torch.set_num_threads, initargs=(1,)) as threads:
        try:
            for batch in itertools.chain(first, batches):
                if is_large(batch):
                    yield from _drain(waiting)
                    yield function(batch)
                    continue
                waiting.append(threads.submit(function, batch))
                if len(waiting) > cores:
                    yield waiting.popleft().result()
            yield from _drain(waiting)
        finally:
            threads.shutdown(cancel_futures=True)
            torch.set_num_threads(cores)  # what new threads start with


def _drain(waiting: deque[Future[Result]]) -> Iterator[Result]:
    while waiting:
        yield waiting.popleft().result()
