"""How wide the intervals of thresholds will be, against simulated studies."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from beholder.judgements import fit_psychometric, psychometric, threshold_half_width, votes_for_threshold
from beholder.spec import UsageError

STRENGTHS = np.linspace(0.05, 1, 12)


@pytest.mark.parametrize("studies", [15, pytest.param(25, marks=pytest.mark.slow)])
def test_widths_against_fits_of_simulated_answers(studies: int) -> None:
    draw, strengths, votes = np.random.default_rng(0), STRENGTHS, 10
    truth = {"threshold": float(strengths.mean()), "slope": 4 * math.log(9) / float(np.ptp(strengths))}
    found = []
    for _ in range(studies):
        chances = psychometric(strengths, truth["threshold"], truth["slope"], guess=0.05, lapse=0.02)
        yes = draw.binomial(votes, chances)
        fit = fit_psychometric(strengths, yes, np.full(len(strengths), votes), guess=None)
        found.append((fit.threshold.high - fit.threshold.low) / 2)
    assert threshold_half_width(strengths, votes, **truth) == pytest.approx(np.median(found), rel=0.1)


def test_many_votes_are_the_inverse_of_the_information() -> None:
    # Without guesses and lapses the logistic has the information of a logistic regression.
    x, votes, threshold, slope = STRENGTHS, 10**6, 0.45, 9.0
    weights = psychometric(x, threshold, slope, guess=0.0, lapse=0.0)
    weights = votes * weights * (1 - weights)
    moves = np.stack([np.full_like(x, -slope), x - threshold])
    alone = math.sqrt(np.linalg.inv((moves * weights) @ moves.T)[0, 0])
    told = threshold_half_width(x, votes, threshold=threshold, slope=slope, guess=0.0, lapse=0.0)
    assert alone * 1.959964 < told < 2 * alone * 1.959964  # they are sought, and might be there
    four = threshold_half_width(x, 4 * votes, threshold=threshold, slope=slope, guess=0.05)
    one = threshold_half_width(x, votes, threshold=threshold, slope=slope, guess=0.05)
    assert four == pytest.approx(one / 2, rel=1e-3)


def test_units_do_not_matter() -> None:
    one = threshold_half_width(STRENGTHS, 7, threshold=0.4, slope=8)
    assert threshold_half_width(1e6 * STRENGTHS, 7, threshold=4e5, slope=8e-6) == pytest.approx(1e6 * one)


def test_votes_are_the_fewest_that_are_enough() -> None:
    curve = {"threshold": 0.5, "slope": 10.0, "guess": 0.1, "level": 0.9}
    for wished in (0.2, 0.05, 0.01):
        votes = votes_for_threshold(wished, STRENGTHS, **curve)
        assert threshold_half_width(STRENGTHS, votes, **curve) <= wished
        assert votes == 1 or threshold_half_width(STRENGTHS, votes - 1, **curve) > wished


def test_far_from_all_strengths_nothing_is_told() -> None:
    assert threshold_half_width(STRENGTHS, 10, threshold=1e4, slope=10) > 1e6
    with pytest.raises(UsageError, match="or more strengths around the threshold"):
        votes_for_threshold(0.1, STRENGTHS, threshold=1e4, slope=10)
    with pytest.raises(UsageError, match="with 10,000,000 votes it is"):
        votes_for_threshold(0.001, [0.2, 0.8], threshold=0.5, slope=9)  # two strengths, four unknown numbers


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"votes": 0}, "votes is 0"),
        ({"votes": 1.5}, "votes is 1.5"),
        ({"strengths": [0.5]}, "at least 2"),
        ({"strengths": [0.5, 0.5]}, "all 0.5"),
        ({"slope": 0}, "slope 0"),
        ({"threshold": math.nan}, "threshold is nan"),
        ({"guess": 0.99, "lapse": 0.02}, "sum below 1"),
        ({"level": 1}, "level is 1"),
    ],
)
def test_impossible_plans_are_told(change: dict[str, Any], told: str) -> None:
    plan = {"strengths": STRENGTHS, "votes": 5, "threshold": 0.5, "slope": 9} | change
    with pytest.raises(UsageError, match=told):
        threshold_half_width(plan.pop("strengths"), plan.pop("votes"), **plan)
    with pytest.raises(UsageError, match="half_width is 0"):
        votes_for_threshold(0, STRENGTHS, threshold=0.5, slope=9)
