"""What a design's votes give: how wide the intervals of its results will be, before anybody answers."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit

from beholder.judgements import (
    agreement_spread,
    scale_half_width,
    share_half_width,
    threshold_half_width,
    votes_for_scale,
    votes_for_share,
    votes_for_threshold,
)
from beholder.spec import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from beholder.study.design.design import Design
    from beholder.study.stimuli.found import FoundStimulus

__all__ = ["Precision", "expect_precision"]

_USUAL = 0.1  # half width of a share that many wish
_SCORE, _MAJORITY = 0.7, 0.8  # of a metric, and of people who are of one mind, about as BAPPS found them


@dataclasses.dataclass(frozen=True)
class Precision:
    """How precisely a design's votes tell what it asks for.

    Attributes:
        half_width: Of the 95 % interval that is expected, in the unit of the design's ``precision``.
        told: The same in words, a line each.
        shortfall: What is missing of the precision that the design wishes, and what would give it; empty where it is
            reached, or none is wished.
    """

    half_width: float
    told: tuple[str, ...]
    shortfall: str


def expect_precision(design: Design, judged: Sequence[FoundStimulus]) -> Precision:
    """What the votes of a design give, if everybody does theirs, and answers are independent.

    Args:
        design: What is asked.
        judged: Its stimuli.
    """
    if design.kind == "ranking":
        return _of_ranking(design, judged)
    if design.stimuli.levels is not None:
        return _of_threshold(design, judged)
    return _of_share(design, judged)


def _of_share(design: Design, judged: Sequence[FoundStimulus]) -> Precision:
    width = share_half_width(design.votes)
    what = "the share who prefer one" if design.kind == "2afc" else "the share who take a pair for the same"
    usual = f"±{_USUAL:g} takes votes={votes_for_share(_USUAL)}"
    told = [f"of a stimulus, {what} is known to ±{width:.2g} where it is near one half; {usual}"]
    if design.kind == "2afc":
        spread = agreement_spread(_SCORE, _MAJORITY)
        score = share_half_width(design.votes, share=_SCORE, stimuli=len(judged), spread=spread)
        told.append(
            f"a metric's 2AFC score near {_SCORE:g} is known to ±{score:.2g} at best, by all {len(judged)} stimuli together"
        )
    return Precision(width, tuple(told), _shortfall(design, width, votes_for_share))


def _of_threshold(design: Design, judged: Sequence[FoundStimulus]) -> Precision:
    """As if the threshold were the median strength, and the curve rose from 10 to 90 % between the quartiles."""
    strengths = np.unique([each.strength for each in judged if each.strength is not None])
    low, threshold, high = (float(each) for each in np.quantile(strengths, (0.25, 0.5, 0.75)))
    curve = {"threshold": threshold, "slope": 2 * math.log(9) / (high - low)}
    width = threshold_half_width(strengths, design.votes, **curve)
    told = (
        f"a reference's threshold is known to ±{width:.2g} at best, by {design.votes} votes at each of {len(strengths)} "
        f"strengths, if it is {threshold:.3g} and the curve rises from 10 to 90 % between {low:.3g} and {high:.3g}"
    )
    return Precision(
        width,
        (told,),
        _shortfall(design, width, lambda wished: votes_for_threshold(wished, strengths, **curve)),
    )


def _of_ranking(design: Design, judged: Sequence[FoundStimulus]) -> Precision:
    """By all pictures together, at equal scale values."""
    things = len(design.stimuli.conditions)
    pictures = len({each.group for each in judged})
    width = scale_half_width(design.votes * pictures, things)
    told = (
        f"the difference of two scale values (Bradley-Terry) is known to ±{width:.2g} at best, by {design.votes} votes on each "
        f"pair of {pictures} pictures: from {width:.2g} on, where {expit(width):.0%} prefer one, it is told apart from none"
    )

    def votes(wished: float) -> int:
        return math.ceil(votes_for_scale(wished, things) / pictures)

    shortfall = _shortfall(design, width, votes)
    if shortfall and design.precision is not None:
        more = math.ceil(votes_for_scale(design.precision, things) / design.votes)
        shortfall += f", or {more} pictures instead of {pictures}"
    return Precision(width, (told,), shortfall)


def _shortfall(design: Design, width: float, votes: Callable[[float], int]) -> str:
    wished = design.precision
    if wished is None or width <= wished:
        return ""
    missing = f"precision: ±{wished:g} is wished, and these votes give ±{width:.2g}"
    try:
        return f"{missing}; expected votes={votes(wished)}"
    except UsageError:
        return f"{missing}; no number of votes gives it, more strengths around the threshold may"
