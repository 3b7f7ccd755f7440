"""The order of pairs."""

from __future__ import annotations

from pathlib import Path

import pytest

from beholder.images import Pair, Pairing
from beholder.scoring.pairs import ScoredPair
from beholder.scoring.planner import BLOCK, in_own_order, plan, plan_after


@pytest.fixture
def pairs() -> list[Pair]:
    """Two methods on 40 references, one method after the other, then 700 pairs whose references come again at random."""
    references = [Path(f"{number}.png") for number in range(40)]
    listed = [Pair(path, Path(f"{method}-{path.name}")) for method in "ab" for path in references]
    return listed + [Pair(references[number * number % 37], Path(f"{number}.png")) for number in range(1400)]


def scored(index: int, pair: Pair) -> ScoredPair:
    return ScoredPair(index, pair, {}, {}, (), None)


def test_versions_of_a_reference_follow_one_another(pairs: list[Pair]) -> None:
    planned = list(plan(pairs[:80]))
    assert [each.index for each in planned] == [place for row in range(40) for place in (row, row + 40)]
    assert [each.pair for each in planned] == [pairs[each.index] for each in planned]


def test_pairs_in_order_stay_so(pairs: list[Pair]) -> None:
    by_reference = sorted(pairs[:80], key=lambda pair: pair.reference)
    planned = list(plan(by_reference))
    assert [each.index for each in planned] == list(range(80))
    assert [each.index for each in planned if each.ends_block] == [BLOCK - 1]


def test_each_pair_has_one_turn_near_its_place(pairs: list[Pair]) -> None:
    planned = [each.index for each in plan(pairs)]
    assert sorted(planned) == list(range(len(pairs)))
    assert {index // 1024 for index in planned[:1024]} == {0}


def test_a_run_that_goes_on_has_the_same_order(pairs: list[Pair]) -> None:
    planned = list(plan(pairs))
    for turns in (0, 1, 500, 1023, 1024, 1300, len(pairs)):
        assert list(plan_after(Pairing(tuple(pairs)), turns)) == planned[turns:]


def test_nothing_is_gathered_where_that_is_not_asked(pairs: list[Pair]) -> None:
    taken: list[int] = []
    given = (taken.append(place) or pair for place, pair in enumerate(pairs))  # type: ignore[func-returns-value]
    planned = plan(given, gather=False)
    assert [next(planned).index for _ in range(3)] == [0, 1, 2]
    assert taken == [0, 1, 2]


def test_rows_come_back_into_their_own_order(pairs: list[Pair]) -> None:
    rows = in_own_order(scored(each.index, each.pair) for each in plan(pairs))
    assert [(row.index, row.pair) for row in rows] == list(enumerate(pairs))
