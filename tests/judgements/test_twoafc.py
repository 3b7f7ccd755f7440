"""2AFC scores."""

from __future__ import annotations

import numpy as np
import pytest

from beholder.judgements import agreements, human_ceilings, twoafc_score


def test_each_case_by_hand() -> None:
    shares = agreements([0.1, 0.3, 0.2, 0.1], [0.2, 0.2, 0.2, 0.5], [0.2, 0.2, 0.9, 0.0])
    assert shares == pytest.approx([0.8, 0.2, 0.5, 1.0])
    assert twoafc_score([0.1, 0.3], [0.2, 0.2], [0.2, 0.2]) == pytest.approx(0.5)


def test_naming_the_candidates_the_other_way_changes_nothing() -> None:
    draw = np.random.default_rng(0)
    d0, d1 = draw.integers(5, size=(2, 200))
    judge = draw.integers(6, size=200) / 5
    assert agreements(d0, d1, judge) == pytest.approx(agreements(d1, d0, 1 - judge))
    assert human_ceilings(judge) == pytest.approx(human_ceilings(1 - judge))


def test_ceiling_is_the_chance_that_two_votes_are_equal() -> None:
    assert human_ceilings([0, 0.2, 0.5, 1]) == pytest.approx([1, 0.68, 0.5, 1])


def test_the_majority_scores_no_less_than_a_person() -> None:
    judge = np.linspace(0, 1, 21)
    assert (agreements(judge, 1 - judge, judge) >= human_ceilings(judge) - 1e-12).all()
