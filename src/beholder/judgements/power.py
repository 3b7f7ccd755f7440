"""Before a study: how wide its intervals will be, and how many votes make them as narrow as wished."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, get_args

import numpy as np
from scipy.special import ndtri

from beholder.judgements.pair_models import PairModel, slope
from beholder.spec import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "agreement_spread",
    "design_effect",
    "scale_half_width",
    "share_half_width",
    "votes_for_scale",
    "votes_for_share",
]


def design_effect(per_group: float, correlation: float) -> float:
    r"""How many times more answers it takes because they come in groups: :math:`1 + (m - 1) \rho`.

    Args:
        per_group: Answers m of each group, at least 1: of an observer, or about one reference.
        correlation: The ρ of two answers of one group, in [0, 1].

    Raises:
        UsageError: If there is less than one answer, or the correlation leaves [0, 1].

    References:
        Kish, "Survey Sampling", 1965, section 5.4.
    """
    if not 1 <= per_group < math.inf:
        raise UsageError(f"per_group is {per_group}; expected at least one answer of each group.")
    _check_share("correlation", correlation)
    return 1 + (per_group - 1) * correlation


def share_half_width(
    votes: int,
    *,
    share: float = 0.5,
    stimuli: int = 1,
    spread: float = 0.0,
    references: int | None = None,
    reference_correlation: float = 0.0,
    observers: int | None = None,
    observer_correlation: float = 0.0,
    level: float = 0.95,
) -> float:
    r"""Half the width of the interval that a share is expected to have.

    .. math:: z \sqrt{\frac{\sigma^2}{S} \left(1 + (S/R - 1) \rho_R\right)
        + \frac{p (1 - p) - \sigma^2}{S V} \left(1 + (S V / O - 1) \rho_O\right)}

    with S stimuli of R references, V votes on each, of O observers, and shares that spread by :math:`\sigma` from one
    stimulus to the next. It is the normal approximation: of very few votes, or shares near 0 or 1, take it for a guess.

    The preference for one of two on one stimulus, or the share that took one pair for the same, is that of one
    stimulus without spread. Overall shares have many, with their spread. The 2AFC score of a metric is the mean share of
    people who agree with it, and its spread that of `agreement_spread`.

    Args:
        votes: The V, on each stimulus.
        share: The expected p; 0.5 is the worst.
        stimuli: The S.
        spread: The σ, at most :math:`\sqrt{p (1 - p)}`.
        references: The R; each stimulus has its own without.
        reference_correlation: The :math:`\rho_R` of the shares of two stimuli of one reference.
        observers: The O; each vote has its own without.
        observer_correlation: The :math:`\rho_O` of two answers of one observer, beyond what stimuli have in common.
        level: Confidence level, between 0 and 1.

    Raises:
        UsageError: If a number is impossible.
    """
    between, within = _variances(share, stimuli, spread, references, reference_correlation)
    _check_count("votes", votes)
    answers = stimuli * votes
    people = _people(observers, observer_correlation, answers)
    variance = between + within * design_effect(answers / people, observer_correlation) / answers
    return _quantile(level) * math.sqrt(variance)


def votes_for_share(
    half_width: float,
    *,
    share: float = 0.5,
    stimuli: int = 1,
    spread: float = 0.0,
    references: int | None = None,
    reference_correlation: float = 0.0,
    observers: int | None = None,
    observer_correlation: float = 0.0,
    level: float = 0.95,
) -> int:
    """Fewest votes on each stimulus with which `share_half_width` is no more than wished.

    Args:
        half_width: What is wished, above 0.
        share: This and all others as `share_half_width` takes them.
        stimuli: Number of stimuli.
        spread: Of shares from one stimulus to the next.
        references: Number of references.
        reference_correlation: Of the shares of two stimuli of one reference.
        observers: Number of observers.
        observer_correlation: Of two answers of one observer.
        level: Confidence level, between 0 and 1.

    Raises:
        UsageError: If a number is impossible, or no number of votes is enough, since votes do away neither with how
            stimuli differ nor with how observers do.
    """
    between, within = _variances(share, stimuli, spread, references, reference_correlation)
    _check_width(half_width)
    wished = (half_width / _quantile(level)) ** 2
    alone, shared = wished - between, 0.0
    if observers is not None:
        shared = within * observer_correlation / _people(observers, observer_correlation, math.inf)
    if alone - shared <= 0:
        least = _quantile(level) * math.sqrt(between + shared)
        raise UsageError(
            f"half_width is {half_width:g}, and with any number of votes it is {least:.3g} or more; expected a wider one. "
            "More stimuli (of more references) or more observers make it narrower."
        )
    votes = within / (stimuli * alone)
    if observers is not None and votes * stimuli > observers:  # some answer twice
        votes = within * (1 - observer_correlation) / (stimuli * (alone - shared))
    return max(1, math.ceil(votes - 1e-9))


def agreement_spread(score: float, majority: float) -> float:
    r"""How far a metric's agreement spreads over triplets: :math:`\sqrt{(m - s)(s + m - 1)}`.

    That of a metric which agrees with the majority m on some triplets and with the rest on the others, so that
    the mean is the score s.

    Args:
        score: The metric's expected 2AFC score, in [1 - majority, majority].
        majority: Mean share of people who are of the same mind as most, in (0.5, 1].

    Returns:
        What `share_half_width` takes as ``spread`` with ``share=score``.

    Raises:
        UsageError: If no metric can have that score.
    """
    if not 0.5 < majority <= 1 or not 1 - majority <= score <= majority:
        raise UsageError(
            f"score is {score} with a majority of {majority}; expected a majority above 0.5, and a score between it and "
            "the rest."
        )
    return math.sqrt(max((majority - score) * (score + majority - 1), 0.0))


def scale_half_width(
    votes: float,
    things: int,
    *,
    model: PairModel = "bradley-terry",
    spread: float = 0.0,
    effect: float = 1.0,
    level: float = 0.95,
) -> float:
    r"""Half the width of the interval of the difference of two scale values, the mean over all pairs.

    Every pair is asked equally often. By the expected information: each answer has
    :math:`F'^2 / (F (1 - F))`, a quarter at equal values (Bradley-Terry) or :math:`2 / \pi` (Thurstone), so that without spread it is
    :math:`z \sqrt{2 / (k V I)}`.

    Args:
        votes: The V, on each pair.
        things: The k that are ranked, at least 2.
        model: ``"bradley-terry"`` or ``"thurstone"``, in whose units values are.
        spread: Standard deviation of the values that is expected; they are taken at normal quantiles.
        effect: Of answers in groups, as `design_effect` tells.
        level: Confidence level, between 0 and 1.

    Raises:
        UsageError: If a number is impossible.
    """
    if not 0 < votes < math.inf:
        raise UsageError(f"votes is {votes}; expected a finite number above 0.")
    return _unit_half_width(things, model, spread, effect, level) / math.sqrt(votes)


def votes_for_scale(
    half_width: float,
    things: int,
    *,
    model: PairModel = "bradley-terry",
    spread: float = 0.0,
    effect: float = 1.0,
    level: float = 0.95,
) -> int:
    """Fewest votes on each pair with which `scale_half_width` is no more than wished.

    Args:
        half_width: What is wished, above 0.
        things: This and all others as `scale_half_width` takes them.
        model: ``"bradley-terry"`` or ``"thurstone"``.
        spread: Of the scale values.
        effect: Of answers in groups.
        level: Confidence level, between 0 and 1.

    Raises:
        UsageError: If a number is impossible.
    """
    _check_width(half_width)
    ratio = _unit_half_width(things, model, spread, effect, level) / half_width
    return max(1, math.ceil(ratio**2 - 1e-9))


def _unit_half_width(things: int, model: PairModel, spread: float, effect: float, level: float) -> float:
    """With one vote on each pair."""
    _check_count("things", things, least=2)
    if model not in get_args(PairModel):
        raise UsageError(f"model is {model!r}; expected one of {', '.join(get_args(PairModel))}.")
    if not 0 <= spread < math.inf or not 1 <= effect < math.inf:
        raise UsageError(
            f"spread is {spread} and effect {effect}; expected a spread from 0 and an effect from 1."
        )
    values = spread * ndtri((np.arange(things) + 0.5) / things)
    steps = values[:, None] - values
    told: NDArray[np.float64] = slope(steps, model) * slope(-steps, model)
    np.fill_diagonal(told, 0.0)
    covariance = np.linalg.inv(np.diag(told.sum(1)) - told + 1 / things)
    first, second = np.triu_indices(things, 1)
    spreads = np.diag(covariance)
    variances = spreads[first] + spreads[second] - 2 * covariance[first, second]
    return _quantile(level) * float(np.sqrt(effect * variances).mean())


def _variances(
    share: float, stimuli: int, spread: float, references: int | None, correlation: float
) -> tuple[float, float]:
    """Variance of the mean share by which stimuli there are, and variance of a vote on a stimulus."""
    _check_share("share", share)
    _check_count("stimuli", stimuli)
    whole = share * (1 - share)
    if not 0 <= spread**2 <= whole + 1e-12 or spread < 0:
        raise UsageError(
            f"spread is {spread} at a share of {share}; expected from 0 to {math.sqrt(whole):.3g}."
        )
    of = stimuli if references is None else references
    _check_count("references", of)
    if of > stimuli:
        raise UsageError(f"references is {of} for {stimuli} stimuli; expected at most one for each.")
    return spread**2 * design_effect(stimuli / of, correlation) / stimuli, max(whole - spread**2, 0.0)


def _people(observers: int | None, correlation: float, answers: float) -> float:
    _check_share("observer_correlation", correlation)
    if observers is None:
        return answers
    _check_count("observers", observers)
    return min(observers, answers)


def _quantile(level: float) -> float:
    if not 0 < level < 1:
        raise UsageError(f"level is {level}; expected a share between 0 and 1, such as 0.95.")
    return float(ndtri((1 + level) / 2))


def _check_share(name: str, share: float) -> None:
    if not 0 <= share <= 1:
        raise UsageError(f"{name} is {share}; expected a number in [0, 1].")


def _check_count(name: str, count: float, *, least: int = 1) -> None:
    if not least <= count < math.inf or count % 1:
        raise UsageError(f"{name} is {count}; expected a whole number from {least}.")


def _check_width(half_width: float) -> None:
    if not 0 < half_width < math.inf:
        raise UsageError(f"half_width is {half_width}; expected a finite number above 0.")
