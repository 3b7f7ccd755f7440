"""QUEST+: the next strength, and what is believed of a threshold."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
import questplus
from numpy.typing import NDArray

from beholder.judgements import QuestPlus, psychometric
from beholder.spec import UsageError

STRENGTHS = np.linspace(0.0, 10.3, 23)
THRESHOLDS = np.linspace(0.7, 9.1, 19)
SLOPES = np.geomspace(0.31, 4.7, 7)
LAPSES = np.array([0.0, 0.03, 0.07])


def ours(**changes: Any) -> QuestPlus:
    request: dict[str, Any] = {"guess": 0.5, "lapse": LAPSES, "shape": "normal"}
    return QuestPlus(STRENGTHS, THRESHOLDS, SLOPES, **{**request, **changes})


def theirs(guess: Any, prior: NDArray[np.float64] | None = None) -> questplus.QuestPlus:
    domain = {
        "mean": THRESHOLDS,
        "sd": np.sort(1 / SLOPES),
        "lower_asymptote": np.atleast_1d(guess),
        "lapse_rate": LAPSES,
    }
    return questplus.QuestPlus(
        stim_domain={"intensity": STRENGTHS},
        param_domain=domain,
        outcome_domain={"response": ["Yes", "No"]},
        prior=None if prior is None else {"mean": prior},
        func="norm_cdf",
        stim_scale="linear",
        stim_selection_method="min_entropy",
        param_estimation_method="mean",
    )


@pytest.mark.parametrize("guess", [0.5, [0.01, 0.06, 0.15]])
def test_the_package_questplus_asks_and_believes_the_same(guess: Any) -> None:
    draw = np.random.default_rng(0)
    one, other = ours(guess=guess), theirs(guess)
    for _ in range(25):
        strength = one.next()
        assert strength == pytest.approx(float(other.next_stim["intensity"]))
        answer = draw.random() < psychometric(
            strength, 4.4, 1.3, guess=np.mean(guess), lapse=0.03, shape="normal"
        )
        one.update(strength, bool(answer))
        other.update(stim=other.next_stim, outcome={"response": "Yes" if answer else "No"})
    expected = other.posterior.transpose("mean", "sd", "lower_asymptote", "lapse_rate", ...).values
    expected = expected.reshape(len(THRESHOLDS), len(SLOPES), -1, len(LAPSES))[:, ::-1]  # their spreads rise
    assert one.posterior == pytest.approx(expected, abs=1e-9)
    assert one.believed().mean == pytest.approx(other.param_estimate["mean"], abs=1e-6)
    assert one.believed("lapse").mean == pytest.approx(other.param_estimate["lapse_rate"], abs=1e-6)


def test_the_next_strength_has_the_least_expected_entropy() -> None:
    quest = ours()
    for strength, answer in ((5.0, True), (2.0, False), (3.3, True)):
        quest.update(strength, answer)
    weights = quest.posterior
    grids = np.meshgrid(THRESHOLDS, SLOPES, [0.5], LAPSES, indexing="ij")
    expected = []
    for strength in STRENGTHS:
        chance = psychometric(strength, *grids[:2], guess=grids[2], lapse=grids[3], shape="normal")
        entropy = 0.0
        for joint in (weights * chance, weights * (1 - chance)):
            after = joint[joint > 0] / joint.sum()
            entropy -= joint.sum() * (after @ np.log(after))
        expected.append(entropy)
    assert quest.next() == STRENGTHS[np.argmin(expected)]


def test_an_answer_is_bayes_rule() -> None:
    quest = QuestPlus([0, 1, 2], [0.5, 1.5], [2.0], guess=0.0, lapse=0.0, prior=[3, 1])
    assert quest.posterior.ravel() == pytest.approx([0.75, 0.25])
    quest.update(1.0, True)
    chances = psychometric(1.0, [0.5, 1.5], 2.0)
    expected = np.array([0.75, 0.25]) * chances
    expected /= expected.sum()
    assert quest.posterior.ravel() == pytest.approx(expected)
    found = quest.believed()
    assert found.mean == pytest.approx(expected @ [0.5, 1.5])
    assert found.mode == 0.5
    assert found.deviation == pytest.approx(np.sqrt(np.prod(expected)))


def test_it_finds_the_threshold_sooner_than_strengths_by_chance() -> None:
    draw = np.random.default_rng(3)
    left: dict[str, list[float]] = {"asked": [], "chance": []}
    for _ in range(25):
        truth = draw.uniform(3, 7)
        for how, errors in left.items():
            quest = ours(lapse=0.02, guess=0.0)
            for _ in range(20):
                strength = quest.next() if how == "asked" else float(draw.choice(STRENGTHS))
                quest.update(
                    strength,
                    bool(draw.random() < psychometric(strength, truth, 1.5, lapse=0.02, shape="normal")),
                )
            errors.append((quest.believed().mean - truth) ** 2)
    assert np.sqrt(np.mean(left["asked"])) < 0.4
    assert np.mean(left["asked"]) < np.mean(left["chance"]) / 1.5


def test_what_no_curve_allows_leaves_a_posterior() -> None:
    quest = QuestPlus([0, 1, 2], [1.0, 1.1], [500.0], guess=0.0, lapse=0.0)
    for _ in range(40):
        quest.update(0.0, True)
        quest.update(2.0, False)
    assert quest.posterior.sum() == pytest.approx(1)
    assert np.isfinite(quest.next())


def test_the_posterior_is_a_copy() -> None:
    quest = ours()
    quest.posterior[:] = 0
    assert quest.posterior.sum() == pytest.approx(1)


def test_a_trial_is_quick() -> None:
    quest = QuestPlus(
        np.linspace(0, 1, 40), np.linspace(0, 1, 40), np.geomspace(1, 50, 15), guess=0.5, lapse=LAPSES
    )
    start = time.perf_counter()
    for _ in range(20):
        quest.update(quest.next(), answer=True)
    assert (time.perf_counter() - start) / 20 < 0.02  # ten times what a trial may take, for busy machines


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"strengths": [1, 1]}, "strengths do not rise"),
        ({"thresholds": []}, "thresholds has 0 rows"),
        ({"slopes": [0, 1]}, "slopes begin at 0"),
        ({"guess": 0.6, "lapse": [0.1, 0.4]}, "guess goes from 0.6 to 0.6 and lapse from 0.1 to 0.4"),
        ({"guess": -0.1}, "guess goes from -0.1"),
        ({"prior": [1]}, "prior has 1 rows"),
        ({"prior": [1, -1]}, "prior has a weight below 0"),
        ({"prior": [0, 0]}, "prior has a weight below 0, or none above"),
        ({"shape": "weibull"}, "shape is 'weibull'"),
    ],
)
def test_impossible_grids_are_told(changes: dict[str, Any], message: str) -> None:
    request: dict[str, Any] = {
        "strengths": [0, 1],
        "thresholds": [0, 1],
        "slopes": [1],
        "guess": 0.5,
        **changes,
    }
    with pytest.raises(UsageError, match=message):
        QuestPlus(**request)


def test_impossible_answers_and_parameters_are_told() -> None:
    quest = ours()
    with pytest.raises(UsageError, match="strength is nan"):
        quest.update(float("nan"), True)
    with pytest.raises(UsageError, match=r"answer is 0\.5"):
        quest.update(1.0, 0.5)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="parameter is 'bias'"):
        quest.believed("bias")  # type: ignore[arg-type]
