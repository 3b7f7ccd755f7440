"""The order in which pairs are scored, and how rows come back into their own."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from beholder.scoring.pairs import Planned

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from beholder.images import File, Pair, Pairs
    from beholder.scoring.pairs import ScoredPair

__all__ = ["BLOCK", "first_of_window", "in_own_order", "plan", "plan_after"]

BLOCK = 64
"""Pairs that are scored together wherever they are scored: no batch holds pairs of two blocks."""

_WINDOW = 16 * BLOCK  # pairs whose order may change


def plan(pairs: Iterable[Pair], first: int = 0, *, gather: bool = True) -> Iterator[Planned]:
    """Put pairs of one reference behind one another, so that it is decoded and looked at once.

    They are gathered among 1024 neighbours.

    Args:
        pairs: The pairs; taken as they are needed.
        first: Place of the first of them, which is a multiple of 1024.
        gather: Whether to gather them; else each has its turn where it stands.
    """
    numbered = enumerate(pairs, first)
    turn = first
    while window := list(itertools.islice(numbered, _WINDOW if gather else 1)):
        for index, pair in _gather(window) if gather else window:
            turn += 1
            yield Planned(index, pair, turn % BLOCK == 0)


def plan_after(pairs: Pairs, turns: int) -> Iterator[Planned]:
    """What `plan` gives behind so many turns: a run that goes on has the order, and the blocks, of one from the start."""
    first = first_of_window(turns)
    return itertools.islice(plan(pairs.after(first), first), turns - first, None)


def first_of_window(turns: int) -> int:
    """The place before which all pairs have had their turn, behind so many turns."""
    return turns - turns % _WINDOW


def _gather(window: Iterable[tuple[int, Pair]]) -> Iterator[tuple[int, Pair]]:
    by_reference: dict[File, list[tuple[int, Pair]]] = {}
    for index, pair in window:
        by_reference.setdefault(pair.reference, []).append((index, pair))
    return itertools.chain.from_iterable(by_reference.values())


def in_own_order(scored: Iterable[ScoredPair]) -> Iterator[ScoredPair]:
    """Hand out pairs by their places; those whose turn came early wait."""
    waiting: dict[int, ScoredPair] = {}
    following: int | None = None
    for pair in scored:
        following = pair.index if following is None else following
        waiting[pair.index] = pair
        while following in waiting:
            yield waiting.pop(following)
            following += 1
