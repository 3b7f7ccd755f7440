"""Learning rates, step by step."""

from __future__ import annotations

import pytest

from beholder.training.rates import rate_at
from beholder.training.recipe import Schedule


def test_cosine_from_one_to_its_floor() -> None:
    schedule = Schedule(kind="cosine", floor=0.1)
    assert rate_at(0, 100, schedule) == 1
    assert rate_at(50, 100, schedule) == pytest.approx(0.55)
    assert rate_at(100, 100, schedule) == pytest.approx(0.1)


def test_warm_up_rises_evenly_and_ends_at_one() -> None:
    schedule = Schedule(kind="cosine", warmup=4)
    assert [rate_at(step, 100, schedule) for step in range(5)] == [0.25, 0.5, 0.75, 1, 1]


def test_steps_fall_at_their_milestones() -> None:
    schedule = Schedule(kind="step", milestones=(10, 20), factor=0.5)
    assert [rate_at(step, 30, schedule) for step in (0, 9, 10, 19, 20, 29)] == [1, 1, 0.5, 0.5, 0.25, 0.25]


def test_constant() -> None:
    assert rate_at(99, 100, Schedule(kind="constant")) == 1
