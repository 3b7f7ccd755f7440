"""Which triplet a step learns from when: each once in every pass."""

from __future__ import annotations

import torch

from beholder.data.drawing import random_source

__all__ = ["PassOrder"]


class PassOrder:
    """Triplets in passes, each in an order of its own, half of them with their candidates swapped.

    Item ``i`` is a pure function of ``(seed, i)``. So that nothing can be learned from which candidate is called 0, it is
    drawn for each triplet of each pass.

    Args:
        triplets: How many there are.
        seed: Seed of what is drawn.
    """

    def __init__(self, triplets: int, seed: int) -> None:
        self.triplets = triplets
        self.seed = seed
        self._drawn: tuple[int, list[int], list[bool]] | None = None

    def __getitem__(self, item: int) -> tuple[int, bool]:
        """The triplet of an item, and whether its candidates are swapped."""
        number, place = divmod(item, self.triplets)
        if self._drawn is None or self._drawn[0] != number:
            draw = random_source(f"{self.seed}/pass/{number}")
            order = torch.randperm(self.triplets, generator=draw).tolist()
            swapped = (torch.rand(self.triplets, generator=draw) < 0.5).tolist()
            self._drawn = number, order, swapped
        _, order, swapped = self._drawn
        return order[place], swapped[place]
