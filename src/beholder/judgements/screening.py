"""Finding observers who did not look: by what they answered, by catch trials, and by how quickly."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import bdtr

from beholder.judgements.columns import check_columns
from beholder.judgements.groups import label_groups
from beholder.spec import UsageError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from beholder.judgements.answer_likelihoods import Likelihood

__all__ = [
    "CatchTrials",
    "Quickness",
    "Screened",
    "catch_trials",
    "quick_answers",
    "screen_observers",
]


@dataclasses.dataclass(frozen=True, kw_only=True)
class CatchTrials:
    """How an observer did where the answer is known.

    Attributes:
        shown: How many catch trials there were.
        passed: How many were answered right.
        chance: The chance that one who passes just the needed share of them gets no more than these right.
        careless: Whether the share is below the needed, and that by more than chance.
    """

    shown: int
    passed: int
    chance: float
    careless: bool


@dataclasses.dataclass(frozen=True, kw_only=True)
class Quickness:
    """How often an observer answered before anybody could have looked.

    Attributes:
        answers: How many answers were timed.
        share: Share of them that came too quickly.
        careless: Whether that is more than allowed.
    """

    answers: int
    share: float
    careless: bool


@dataclasses.dataclass(frozen=True, kw_only=True)
class Screened:
    """One observer, and what speaks against keeping the answers.

    Attributes:
        observer: The label.
        likelihood: By what was answered.
        catch: By catch trials; ``None`` where the observer had none.
        quickness: By times; ``None`` where there are none.
        reasons: In words, one for each rule that was broken; empty for a careful observer.
    """

    observer: Any
    likelihood: Likelihood
    catch: CatchTrials | None
    quickness: Quickness | None
    reasons: tuple[str, ...]


def catch_trials(
    observers: ArrayLike, passed: ArrayLike, *, needed: float = 0.8, level: float = 0.95
) -> dict[Any, CatchTrials]:
    """How each observer did where the answer is known.

    Args:
        observers: Label of who answered, one row for each catch trial, shape (n,).
        passed: 1 where the answer was right, else 0, shape (n,).
        needed: Share that an observer must pass, between 0 and 1. It is no share of chance: who guesses between two
            passes half.
        level: An observer is flagged where fewer right answers than by chance in 1 - level of cases would be needed of one
            who passes the needed share; so with few catch trials hardly anybody is.

    Returns:
        By label, sorted; observers without catch trials are not there.

    Raises:
        UsageError: If columns differ in length, an answer is neither 0 nor 1, or an option is impossible.
    """
    (right,) = check_columns(passed=passed)
    if not np.isin(right, (0, 1)).all():
        raise UsageError(
            "passed holds what is neither 0 nor 1; expected 1 where a catch trial was answered right."
        )
    for option, value in (("needed", needed), ("level", level)):
        if not 0 < value < 1:
            raise UsageError(f"{option} is {value}; expected a share between 0 and 1.")
    names, who, count = label_groups("observers", observers, len(right))
    shown, hits = np.bincount(who, minlength=count), np.bincount(who, right, count)
    chances = bdtr(hits, shown, needed)
    return {
        name: CatchTrials(
            shown=int(shown[at]),
            passed=int(hits[at]),
            chance=float(chances[at]),
            careless=bool(hits[at] < needed * shown[at] and chances[at] < 1 - level),
        )
        for at, name in enumerate(names)
    }


def quick_answers(
    observers: ArrayLike, seconds: ArrayLike, *, quickest: float = 0.3, most: float = 0.1
) -> dict[Any, Quickness]:
    """How often each observer answered before anybody could have looked.

    Args:
        observers: Label of who answered, shape (n,).
        seconds: From the question's appearing to the answer, at least 0, shape (n,).
        quickest: Seconds below which nobody can have compared pictures. The default is a cautious convention; where you know
            how long your question takes, take more.
        most: Share of such answers that is let pass, in [0, 1).

    Returns:
        By label, sorted.

    Raises:
        UsageError: If columns differ in length, a time is below 0, or an option is impossible.
    """
    (times,) = check_columns(seconds=seconds)
    if times.min() < 0:
        raise UsageError(f"seconds goes down to {times.min():g}; expected times from 0.")
    if not 0 < quickest < math.inf or not 0 <= most < 1:
        raise UsageError(
            f"quickest is {quickest} and most {most}; expected seconds above 0 and a share in [0, 1)."
        )
    names, who, count = label_groups("observers", observers, len(times))
    answers = np.bincount(who, minlength=count)
    shares = np.bincount(who, times < quickest, count) / answers
    return {
        name: Quickness(answers=int(answers[at]), share=float(shares[at]), careless=bool(shares[at] > most))
        for at, name in enumerate(names)
    }


def screen_observers(
    likelihoods: dict[Any, Likelihood],
    catches: dict[Any, CatchTrials] | None = None,
    quicknesses: dict[Any, Quickness] | None = None,
) -> list[Screened]:
    """All that speaks against each observer, in words.

    Nobody is left out by it: who is, and by which rules, is best settled before the study and told with its results.

    Args:
        likelihoods: What `answer_likelihoods` tells; of all observers.
        catches: What `catch_trials` tells.
        quicknesses: What `quick_answers` tells.

    Returns:
        One row for each observer of ``likelihoods``, in its order.
    """
    rows = []
    for observer, likelihood in likelihoods.items():
        catch, quick = (catches or {}).get(observer), (quicknesses or {}).get(observer)
        reasons = []
        if likelihood.careless:
            reasons.append(
                f"answers differ from everybody else's: {-likelihood.score:.1f} interquartile ranges below the median"
            )
        if catch and catch.careless:
            reasons.append(f"passed {catch.passed} of {catch.shown} catch trials")
        if quick and quick.careless:
            reasons.append(
                f"answered {quick.share:.0%} of {quick.answers} questions too quickly to have looked"
            )
        rows.append(
            Screened(
                observer=observer, likelihood=likelihood, catch=catch, quickness=quick, reasons=tuple(reasons)
            )
        )
    return rows
