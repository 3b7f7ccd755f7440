"""What a design's votes give, against simulated studies and the arithmetic of the shortfall."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from beholder.judgements import scale_values
from beholder.study.design import Design
from beholder.study.design.precision import expect_precision
from beholder.study.stimuli.found import FoundStimulus

GOOD = {"title": "x", "kind": "2afc", "stimuli": {"bapps": "x"}, "retention": "2100-01-01"}
RANKING = {"kind": "ranking", "stimuli": {"conditions": {"a": "a", "b": "b", "c": "c", "d": "d"}}}
LEVELS = {"kind": "jnd", "stimuli": {"levels": "x"}}


def design(**settings: Any) -> Design:
    return Design.model_validate(GOOD | settings)


def stimuli(count: int, strengths: Any = (None,)) -> list[FoundStimulus]:
    picture = Path("x.png")
    return [
        FoundStimulus(name=f"{row}/{strength}", group=f"{row}", p0=picture, p1=picture, strength=strength)
        for row in range(count)
        for strength in strengths
    ]


def test_a_share() -> None:
    found = expect_precision(design(votes=20), stimuli(50))
    assert found.half_width == pytest.approx(1.96 * 0.5 / 20**0.5, rel=1e-4)
    assert "±0.22 where it is near one half; ±0.1 takes votes=97" in found.told[0]
    assert "score near 0.7 is known to ±0.067 at best, by all 50" in found.told[1]
    assert found.shortfall == ""
    (told,) = expect_precision(design(kind="jnd", votes=20), stimuli(50)).told
    assert "take a pair for the same" in told


def test_what_is_missing_is_told_and_what_would_give_it() -> None:
    shares = {"votes": 5, "precision": 0.15}, stimuli(50)
    thresholds = LEVELS | {"votes": 5, "precision": 0.05}, stimuli(3, np.linspace(0.05, 1, 12))
    rankings = RANKING | {"votes": 1, "precision": 0.3}, stimuli(10)
    for settings, judged in (shares, thresholds, rankings):
        found = expect_precision(design(**settings), judged)
        assert found.half_width > settings["precision"]
        assert (
            f"±{settings['precision']:g} is wished, and these votes give ±{found.half_width:.2g}"
            in found.shortfall
        )
        votes = int(re.findall(r"votes=(\d+)", found.shortfall)[0])
        enough = expect_precision(design(**settings | {"votes": votes}), judged)
        assert (enough.half_width <= settings["precision"], enough.shortfall) == (True, "")
        assert expect_precision(design(**settings | {"votes": votes - 1}), judged).shortfall
    pictures = int(re.findall(r"or (\d+) pictures instead of 10", found.shortfall)[0])
    assert not expect_precision(design(**settings), stimuli(pictures)).shortfall
    assert expect_precision(design(**settings), stimuli(pictures - 1)).shortfall


def test_too_few_strengths_for_a_threshold() -> None:
    judged = stimuli(3, (0.4, 0.6))
    found = expect_precision(design(**LEVELS, precision=1e-4), judged)
    assert "no number of votes gives it, more strengths around the threshold may" in found.shortfall


def test_a_threshold_scales_with_its_strengths() -> None:
    strengths = np.geomspace(0.01, 1, 9)
    one = expect_precision(design(**LEVELS), stimuli(2, strengths))
    ten = expect_precision(design(**LEVELS), stimuli(2, 10 * strengths))
    assert ten.half_width == pytest.approx(10 * one.half_width)
    assert "if it is 0.1 and the curve rises from 10 to 90 % between 0.0316 and 0.316" in one.told[0]


def test_a_ranking_against_simulation() -> None:
    draw, pictures, votes = np.random.default_rng(0), 8, 3
    found = expect_precision(design(**RANKING, votes=votes), stimuli(pictures))
    first, second = np.triu_indices(4, 1)
    steps = []
    for _ in range(100):
        wins = np.zeros((4, 4))
        wins[first, second] = draw.binomial(votes * pictures, 0.5, 6)
        wins[second, first] = votes * pictures - wins[first, second]
        values = scale_values(wins).values
        steps.append(values[first] - values[second])
    assert found.half_width == pytest.approx(1.96 * np.std(steps), rel=0.1)
    assert f"from {found.half_width:.2g} on, where 64% prefer one" in found.told[0]


@pytest.mark.parametrize("precision", [0, -1, float("nan"), float("inf"), "wide"])
def test_precisions_that_are_none(precision: Any) -> None:
    with pytest.raises(ValidationError, match="precision"):
        design(precision=precision)
