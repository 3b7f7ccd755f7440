"""Which triplet comes when."""

from __future__ import annotations

from beholder.calibration.learning.order import PassOrder


def test_every_pass_has_every_triplet_once() -> None:
    order = PassOrder(50, seed=3)
    passes = [[order[50 * number + place] for place in range(50)] for number in range(3)]
    for drawn in passes:
        assert sorted(row for row, _ in drawn) == list(range(50))
        assert 10 < sum(swapped for _, swapped in drawn) < 40
    assert passes[0] != passes[1]


def test_items_are_functions_of_seed_and_number() -> None:
    order = PassOrder(20, seed=1)
    there = [order[item] for item in range(60)]
    back = [order[item] for item in reversed(range(60))]
    assert there == back[::-1]
    assert there != [PassOrder(20, seed=2)[item] for item in range(60)]
