"""Which pair of patches comes when: the same whatever the number of processes, and after any interruption."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.utils.data import Sampler

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Order"]


class Order(Sampler[list[int]]):
    """The items of each step's batch, from a step on: batch k holds items k B to (k + 1) B - 1.

    Several processes split each batch, so that together they see what one would.

    Args:
        steps: Steps of the whole run.
        batch: Items of a step, over all processes.
        start: The step to begin with.
        rank: Which process this is.
        processes: How many there are; they must divide the batch.
    """

    def __init__(self, steps: int, batch: int, start: int = 0, rank: int = 0, processes: int = 1) -> None:
        self.steps = steps
        self.batch = batch
        self.start = start
        self.rank = rank
        self.share = batch // processes

    def __iter__(self) -> Iterator[list[int]]:
        """Items of this process, a list for each step."""
        for step in range(self.start, self.steps):
            first = step * self.batch + self.rank * self.share
            yield list(range(first, first + self.share))

    def __len__(self) -> int:
        """Steps that are left."""
        return self.steps - self.start
