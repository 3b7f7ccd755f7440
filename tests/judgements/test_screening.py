"""Finding observers who did not look."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binom

from beholder.judgements import answer_likelihoods, catch_trials, quick_answers, screen_observers
from beholder.spec import UsageError


def draw_study(
    draw: np.random.Generator, careless: int, *, people: int = 40, questions: int = 100, hard: float = 0.5
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """A hundred answers of each observer, of whom the first ones answer at random."""
    shares = draw.beta(hard, hard, questions)
    observers = np.repeat(np.arange(people), 100)
    asked = np.concatenate([draw.choice(questions, 100, replace=False) for _ in range(people)])
    chances = np.where(observers < careless, 0.5, shares[asked])
    return observers, asked, (draw.random(len(observers)) < chances).astype(float)


def found_in(draw: np.random.Generator, careless: int, **how: Any) -> tuple[float, float, float]:
    """Precision, recall and false alarms over some studies."""
    right = flagged = studies = 0
    for _ in range(20):
        found = answer_likelihoods(*draw_study(draw, careless, **how))
        bad = {name for name, each in found.items() if each.careless}
        right, flagged, studies = (
            right + sum(name < careless for name in bad),
            flagged + len(bad),
            studies + 1,
        )
    careful = studies * (how.get("people", 40) - careless)
    return right / max(flagged, 1), right / max(studies * careless, 1), (flagged - right) / careful


def test_a_fifth_of_careless_observers_are_found() -> None:
    # Of 300 studies: 0.952 and 1.000, then 0.969 and 0.963; twenty lie about 0.02 around these.
    precision, recall, _ = found_in(np.random.default_rng(0), 8)
    assert precision > 0.9
    assert recall > 0.98
    precision, recall, _ = found_in(np.random.default_rng(1), 8, questions=200, hard=1.5)
    assert precision > 0.9
    assert recall > 0.88


@pytest.mark.parametrize("careless", [12, 16])
def test_many_careless_observers_do_not_hide_each_other(careless: int) -> None:
    # By the interquartile range alone 3 % of twelve are found, and none of sixteen.
    precision, recall, _ = found_in(np.random.default_rng(careless), careless)
    assert precision > 0.93
    assert recall > 0.97


def test_few_careful_observers_are_flagged() -> None:
    _, _, alarms = found_in(np.random.default_rng(2), 0, questions=200)
    assert 0 < alarms < 0.08


def test_one_who_answers_the_wrong_way_round_is_found() -> None:
    observers, asked, answers = draw_study(np.random.default_rng(3), 0)
    answers[observers == 5] = 1 - answers[observers == 5]
    found = answer_likelihoods(observers, asked, answers)
    assert found[5].careless
    assert found[5].score == min(each.score for each in found.values())


def test_likelihoods_by_hand() -> None:
    found = answer_likelihoods(["a", "b", "c", "a", "b"], [1, 1, 1, 2, 2], [1, 1, 0, 0.5, 1])
    # Question 1: of a the others say 1, 0; question 2: of a the other says 1.
    one, two = math.log(2 / 4), 0.5 * math.log(2 / 3) + 0.5 * math.log(1 / 3)
    assert found["a"].mean == pytest.approx((one + two) / 2)
    assert found["c"].mean == pytest.approx(math.log(1 - 3 / 4))
    assert found["b"].mean == pytest.approx((math.log(2 / 4) + math.log(1.5 / 3)) / 2)
    assert [each.answers for each in found.values()] == [2, 2, 1]
    assert all(math.isnan(each.score) and not each.careless for each in found.values())


def test_scores_are_distances_from_the_median_in_quartile_ranges() -> None:
    found = answer_likelihoods(*draw_study(np.random.default_rng(4), 4))
    means = np.array([each.mean for each in found.values()])
    lower, median, upper = np.quantile(means, [0.25, 0.5, 0.75])
    assert [each.score for each in found.values()] == pytest.approx((means - median) / (upper - lower))
    assert all(each.careless == (each.score < -1.5) for each in found.values())
    strict = answer_likelihoods(*draw_study(np.random.default_rng(4), 4), limit=-0.5)
    assert sum(each.careless for each in strict.values()) > sum(each.careless for each in found.values())


def test_repeats_of_a_question_are_no_evidence_for_oneself() -> None:
    once = answer_likelihoods(["a", "b", "c"], [1, 1, 1], [1, 0, 0])
    often = answer_likelihoods(["a", "a", "a", "b", "c"], [1] * 5, [1, 1, 1, 0, 0])
    assert often["a"].mean == pytest.approx(once["a"].mean)
    assert often["a"].answers == 3


def test_nothing_is_told_of_questions_that_nobody_else_answered() -> None:
    found = answer_likelihoods([1, 2, 2], [1, 2, 3], [1, 0, 1])
    assert [each.answers for each in found.values()] == [0, 0]
    assert all(math.isnan(each.mean) and not each.careless for each in found.values())


def test_where_all_but_one_agree_the_one_is_infinitely_far() -> None:
    observers, questions = np.repeat(np.arange(8), 6), np.tile(np.arange(6), 8)
    answers = (observers == 7).astype(float)
    found = answer_likelihoods(observers, questions, answers)
    assert found[7].score == -math.inf
    assert found[7].careless
    assert [found[at].score for at in range(7)] == [0] * 7


def test_catch_trials_are_told_with_their_chance() -> None:
    found = catch_trials(["a"] * 10 + ["b"] * 10 + ["c"] * 2, [1] * 9 + [0] + [1] * 4 + [0] * 6 + [1, 0])
    assert (found["a"].passed, found["a"].shown, found["a"].careless) == (9, 10, False)
    assert found["b"].chance == pytest.approx(binom.cdf(4, 10, 0.8))
    assert found["b"].careless
    # One of two is less than the share, but not beyond chance.
    assert found["c"].chance == pytest.approx(0.36)
    assert not found["c"].careless
    assert catch_trials(["c", "c"], [1, 0], level=0.6)["c"].careless
    assert not catch_trials(["a"] * 2, [0, 1], needed=0.5, level=0.01)["a"].careless


def test_quick_answers_are_counted() -> None:
    found = quick_answers([1] * 10 + [2] * 10, [0.1] + [1.0] * 9 + [0.2] * 2 + [0.3] * 8)
    assert (found[1].share, found[1].careless) == (0.1, False)
    assert (found[2].share, found[2].careless, found[2].answers) == (0.2, True, 10)
    assert quick_answers([1] * 2, [0.5, 2], quickest=1, most=0)[1].careless


def test_the_table_tells_reasons_in_words() -> None:
    observers, asked, answers = draw_study(np.random.default_rng(5), 1)
    seconds = np.where(observers == 3, 0.1, 2.0)
    rows = screen_observers(
        answer_likelihoods(observers, asked, answers),
        catch_trials([2] * 12 + [4] * 12, [0] * 12 + [1] * 12),
        quick_answers(observers, seconds),
    )
    assert [row.observer for row in rows] == list(range(40))
    assert "interquartile ranges below the median" in rows[0].reasons[0]
    assert rows[2].reasons[-1] == "passed 0 of 12 catch trials"
    assert rows[3].reasons[-1] == "answered 100% of 100 questions too quickly to have looked"
    assert rows[0].catch is None
    assert rows[4].catch is not None
    assert rows[4].reasons == () == rows[6].reasons
    alone = screen_observers(answer_likelihoods(observers, asked, answers))
    assert all(row.catch is None and row.quickness is None for row in alone)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: answer_likelihoods([1], [1, 2], [1, 0]), r"observers has the shape \(1,\)"),
        (lambda: answer_likelihoods([1, 2], [1], [1, 0]), r"questions has the shape \(1,\)"),
        (lambda: answer_likelihoods([1, 2], [1, 1], [1, 2]), "answers is 2 in row 1"),
        (lambda: answer_likelihoods([1], [1], [1], limit=1.5), "limit is 1.5"),
        (lambda: catch_trials([1], [0.5]), "neither 0 nor 1"),
        (lambda: catch_trials([1], [1], needed=80), "needed is 80"),
        (lambda: catch_trials([1], [1], level=1), "level is 1"),
        (lambda: quick_answers([1], [-1]), "seconds goes down to -1"),
        (lambda: quick_answers([1], [1], quickest=0), "quickest is 0"),
        (lambda: quick_answers([1], [1], most=1), "most 1"),
    ],
)
def test_impossible_requests_are_told(call: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        call()
