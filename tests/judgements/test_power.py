"""How wide intervals will be, against simulated studies."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit, ndtr

from beholder.judgements import (
    agreement_spread,
    agreements,
    design_effect,
    scale_half_width,
    scale_values,
    share_half_width,
    votes_for_scale,
    votes_for_share,
)
from beholder.judgements.scaling import PairModel
from beholder.spec import UsageError

Z = 1.959964


def test_one_stimulus_is_the_textbook_formula() -> None:
    assert share_half_width(100) == pytest.approx(Z * 0.05)
    assert share_half_width(50, share=0.2) == pytest.approx(Z * math.sqrt(0.16 / 50))
    assert votes_for_share(0.1) == 97  # the well-known 96.04
    assert share_half_width(100, level=0.9) == pytest.approx(1.644854 * 0.05)


def test_design_effects() -> None:
    assert design_effect(1, 0.7) == 1
    assert design_effect(20, 0.05) == pytest.approx(1.95)


def draw_shares(
    draw: np.random.Generator, stimuli: int, references: int, spread: float, correlation: float
) -> NDArray[np.float64]:
    """Shares around 0.5, of two values, with a correlation within references."""
    common = np.repeat(draw.integers(0, 2, references), stimuli // references)
    own = draw.integers(0, 2, stimuli)
    return 0.5 + spread * (2 * np.where(draw.random(stimuli) < math.sqrt(correlation), common, own) - 1)


def test_an_overall_share_against_simulation() -> None:
    draw = np.random.default_rng(0)
    means = []
    for _ in range(3000):
        shares = draw_shares(draw, 40, 8, 0.3, 0.4)
        means.append(draw.binomial(6, shares).mean() / 6)
    planned = share_half_width(6, stimuli=40, spread=0.3, references=8, reference_correlation=0.4)
    assert planned == pytest.approx(Z * np.std(means), rel=0.05)
    assert share_half_width(6, stimuli=40, spread=0.3) < 0.75 * planned


def test_answers_grouped_by_observer_against_simulation() -> None:
    draw = np.random.default_rng(1)
    means = []
    for _ in range(3000):
        # Answers of one observer, of a beta-binomial with the correlation 1 / (4 + 4 + 1).
        leanings = draw.beta(4, 4, 15)
        means.append(draw.binomial(20, leanings).mean() / 20)
    planned = share_half_width(3, stimuli=100, observers=15, observer_correlation=1 / 9)
    assert planned == pytest.approx(Z * np.std(means), rel=0.05)
    assert share_half_width(3, stimuli=100) < 0.65 * planned


def test_a_score_of_agreement_against_simulation() -> None:
    draw = np.random.default_rng(2)
    score, majority, stimuli, votes = 0.68, 0.8, 60, 5
    right = (score - 1 + majority) / (2 * majority - 1)
    found = []
    for _ in range(2000):
        d0, d1 = np.zeros(stimuli), np.ones(stimuli)  # the metric takes candidate 0
        for_one = np.where(draw.random(stimuli) < right, 1 - majority, majority)
        found.append(agreements(d0, d1, draw.binomial(votes, for_one) / votes).mean())
    assert np.mean(found) == pytest.approx(score, abs=0.005)
    spread = agreement_spread(score, majority)
    planned = share_half_width(votes, share=score, stimuli=stimuli, spread=spread)
    assert planned == pytest.approx(Z * np.std(found), rel=0.06)


@pytest.mark.parametrize(("model", "chance"), [("bradley-terry", expit), ("thurstone", ndtr)])
@pytest.mark.parametrize("spread", [0.0, 0.8])
def test_scale_differences_against_simulation(model: PairModel, chance: Any, spread: float) -> None:
    draw = np.random.default_rng(3)
    truth = spread * np.array([-1.3830, -0.6745, -0.2104, 0.2104, 0.6745, 1.3830])
    first, second = np.triu_indices(6, 1)
    found = []
    for _ in range(400):
        wins = np.zeros((6, 6))
        wins[first, second] = draw.binomial(40, chance(truth[first] - truth[second]))
        wins[second, first] = 40 - wins[first, second]
        values = scale_values(wins, model=model).values
        found.append(values[first] - values[second])
    planned = scale_half_width(40, 6, model=model, spread=spread)
    assert planned == pytest.approx(Z * np.std(found, axis=0).mean(), rel=0.06)


def test_equal_scale_values_are_the_closed_form() -> None:
    assert scale_half_width(10, 8) == pytest.approx(Z * math.sqrt(2 / (8 * 10 * 0.25)))
    assert scale_half_width(10, 8, model="thurstone") == pytest.approx(Z * math.sqrt(math.pi / (8 * 10)))
    assert scale_half_width(10, 8, effect=4) == pytest.approx(2 * scale_half_width(10, 8))
    assert scale_half_width(10, 8, spread=1) > scale_half_width(10, 8)


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"share": 0.8},
        {"stimuli": 30, "spread": 0.2},
        {"stimuli": 30, "spread": 0.1, "references": 10, "reference_correlation": 0.3},
        {"stimuli": 30, "observers": 40, "observer_correlation": 0.05},
        {"stimuli": 2, "observers": 500, "observer_correlation": 0.3},
        {"stimuli": 30, "observer_correlation": 0.05},
    ],
)
def test_votes_are_the_fewest_that_are_enough(how: dict[str, Any]) -> None:
    for wished in (0.12, 0.1, 0.085):
        votes = votes_for_share(wished, **how)
        assert share_half_width(votes, **how) <= wished * (1 + 1e-9)
        assert votes == 1 or share_half_width(votes - 1, **how) > wished


def test_votes_of_rankings_are_the_fewest_that_are_enough() -> None:
    for wished in (0.2, 0.5, 5.0):
        votes = votes_for_scale(wished, 7, model="thurstone", spread=0.6, effect=1.5)
        assert scale_half_width(votes, 7, model="thurstone", spread=0.6, effect=1.5) <= wished
        assert (
            votes == 1 or scale_half_width(votes - 1, 7, model="thurstone", spread=0.6, effect=1.5) > wished
        )


def test_what_votes_cannot_do_is_told() -> None:
    with pytest.raises(UsageError, match=r"with any number of votes it is 0\.179 or more"):
        votes_for_share(0.1, stimuli=30, spread=0.5)
    with pytest.raises(UsageError, match="more observers"):
        votes_for_share(0.05, stimuli=30, observers=10, observer_correlation=0.1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: share_half_width(0), "votes is 0"),
        (lambda: share_half_width(2.5), "votes is 2.5"),  # type: ignore[arg-type]
        (lambda: share_half_width(5, share=1.2), "share is 1.2"),
        (lambda: share_half_width(5, spread=0.6), "spread is 0.6 at a share of 0.5"),
        (lambda: share_half_width(5, spread=-0.1), "spread is -0.1"),
        (lambda: share_half_width(5, stimuli=3, references=4), "references is 4 for 3 stimuli"),
        (lambda: share_half_width(5, observers=0), "observers is 0"),
        (lambda: share_half_width(5, observer_correlation=2), "observer_correlation is 2"),
        (lambda: share_half_width(5, level=95), "level is 95"),
        (lambda: votes_for_share(0), "half_width is 0"),
        (lambda: votes_for_scale(-1, 3), "half_width is -1"),
        (lambda: scale_half_width(0, 3), "votes is 0"),
        (lambda: scale_half_width(5, 1), "things is 1"),
        (lambda: scale_half_width(5, 3, model="elo"), "model is 'elo'"),  # type: ignore[arg-type]
        (lambda: scale_half_width(5, 3, effect=0.5), "effect 0.5"),
        (lambda: design_effect(0.5, 0.1), "per_group is 0.5"),
        (lambda: design_effect(2, -0.1), "correlation is -0.1"),
        (lambda: agreement_spread(0.9, 0.8), "score is 0.9 with a majority of 0.8"),
        (lambda: agreement_spread(0.5, 0.5), "majority above 0.5"),
    ],
)
def test_impossible_plans_are_told(call: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        call()
