"""Which pictures of a comparison to look at: where candidates differ most, and where each is worst and best."""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from beholder.reports.compare_findings import Findings, Measured

__all__ = ["Ends", "Extremes", "find_extremes", "in_order_of_interest"]

_DIFFERENT, _ENDS = 5, 3  # pictures that are named


@dataclasses.dataclass(frozen=True)
class Ends:
    """One candidate's pictures at both ends, each with its score.

    Attributes:
        candidate: Its name.
        worst: The worst first.
        best: The best first.
    """

    candidate: str
    worst: tuple[tuple[str, float], ...]
    best: tuple[tuple[str, float], ...]


@dataclasses.dataclass(frozen=True)
class Extremes:
    """One metric's pictures to look at.

    Attributes:
        different: Where candidates differ most, the most first: the picture, the best candidate there with its score, and
            the worst with its.
        ends: One for each candidate.
    """

    different: tuple[tuple[str, tuple[str, float], tuple[str, float]], ...]
    ends: tuple[Ends, ...]


def find_extremes(findings: Findings) -> dict[str, Extremes]:
    """Pictures to look at, by metric; of metrics without pictures, none."""
    return {
        name: _extremes(each, findings.candidates)
        for name, each in findings.measured.items()
        if each.pictures
    }


def _extremes(measured: Measured, candidates: tuple[str, ...]) -> Extremes:
    scores = measured.sign * measured.scores
    best, worst = scores.argmax(axis=1), scores.argmin(axis=1)

    def told(row: int, column: int) -> tuple[str, float]:
        return candidates[column], float(measured.scores[row, column])

    different = [
        (measured.pictures[row], told(row, best[row]), told(row, worst[row]))
        for row in np.argsort(scores.min(axis=1) - scores.max(axis=1), kind="stable")[:_DIFFERENT].tolist()
        if best[row] != worst[row]
    ]
    ends = []
    for column, candidate in enumerate(candidates):
        order = np.argsort(scores[:, column], kind="stable").tolist()
        named = [(measured.pictures[row], float(measured.scores[row, column])) for row in order]
        ends.append(Ends(candidate, tuple(named[:_ENDS]), tuple(named[::-1][:_ENDS])))
    return Extremes(tuple(different), tuple(ends))


def in_order_of_interest(findings: Findings, extremes: Mapping[str, Extremes]) -> list[str]:
    """All pictures that are compared: first where candidates differ most, then the ends, each metric in its turn.

    A page that has no room for all shows the first of them.
    """
    named = [
        _in_turn([picture for picture, *_ in each.different] for each in extremes.values()),
        _in_turn(
            [picture for ends in each.ends for picture, _ in itertools.chain(ends.worst[:1], ends.best[:1])]
            for each in extremes.values()
        ),
        *(each.pictures for each in findings.measured.values()),
    ]
    return list(dict.fromkeys(itertools.chain.from_iterable(named)))


def _in_turn(lists: Iterable[list[str]]) -> list[str]:
    turns = itertools.zip_longest(*lists)
    return [picture for turn in turns for picture in turn if picture is not None]
