"""Scale values of things that were compared in pairs: Bradley-Terry, and Thurstone's case V."""

from __future__ import annotations

import dataclasses
import importlib
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import numpy as np
from scipy.special import ndtri

from beholder.judgements.bootstrap import influence_interval
from beholder.judgements.columns import check_columns, check_shares
from beholder.judgements.groups import number_groups
from beholder.judgements.pair_models import PairModel, information, probit_mode, slope
from beholder.judgements.wins import check_joined, check_wins
from beholder.spec import MissingPackageError, UsageError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Prior", "ScaleValues", "scale_values", "scale_values_by_observer"]

Prior: TypeAlias = Literal["weak", "none"]
"""Some votes for either side of every pair, too few to matter where there are answers; or none."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ScaleValues:
    """Where k things lie on one scale, higher being preferred.

    Attributes:
        values: Scale values of mean 0, shape (k,).
        errors: Their standard errors, each against the mean of all, shape (k,).
        low: Lower ends of the confidence intervals, shape (k,).
        high: Upper ends, shape (k,).
        covariance: Covariance of the values, shape (k, k); what differences need, since values are not independent.
        model: Which chance a difference stands for.
        separated: Whether the answers alone would put something infinitely far, so that the prior holds it.
    """

    values: NDArray[np.float64]
    errors: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    covariance: NDArray[np.float64]
    model: PairModel
    separated: bool


def scale_values(
    wins: ArrayLike,
    *,
    ties: ArrayLike | None = None,
    model: PairModel = "bradley-terry",
    prior: Prior = "weak",
    level: float = 0.95,
) -> ScaleValues:
    r"""Maximum-likelihood scale values from how often each thing was preferred to each other.

    .. math:: P(i \succ j) = F(s_i - s_j), \quad \sum_i s_i = 0

    with the logistic F (Bradley-Terry), or the standard normal (Thurstone's case V, in units of the standard deviation of
    a difference; 0.6745 of them are a just objectionable difference, at which three of four prefer one).

    Where a thing wins always, or no loser ever beats a winner, the best values are infinite. The weak prior keeps
    them finite: k - 1 votes in all, spread evenly over the pairs that were asked, half of each vote for either side. Of
    two things that is Jeffreys' prior, half a vote for each; of more it weighs as much as that does, since the
    leverages of pairs sum to k - 1, and vanishes beside the answers as they grow. No prior joins things that no chain of
    questions joins: these are refused.

    Intervals are the values plus and minus normal quantiles times standard errors by the observed information. They
    hold where answers are independent; else see `scale_values_by_observer`.

    Args:
        wins: How often the row's thing was preferred to the column's, at least 0, of any fraction, shape (k, k), k at
            least 2. The diagonal is 0.
        ties: How often neither was, symmetric, shape (k, k): each counts as half a win for both. The two halves are
            taken for answers that disagree, so that intervals are rather too wide than too narrow.
        model: ``"bradley-terry"`` or ``"thurstone"``.
        prior: ``"weak"``, or ``"none"``, which refuses answers that put something infinitely far.
        level: Confidence level, between 0 and 1.

    Raises:
        UsageError: If counts are no such table, questions do not join all things, the answers are separated and there is
            no prior, or an option is impossible.
        MissingPackageError: If Bradley-Terry is asked for and choix is not installed.

    References:
        Bradley and Terry, Biometrika 1952, doi:10.2307/2334029. Thurstone, "A law of comparative judgment", Psychological
        Review 1927, doi:10.1037/h0070288. Existence: Ford, "Solution of a ranking problem from binary comparisons",
        American Mathematical Monthly 1957, doi:10.2307/2308513. The prior's weight: Firth, "Bias reduction of maximum
        likelihood estimates", Biometrika 1993, doi:10.1093/biomet/80.1.27.
        Bradley-Terry is fitted by choix (Maystre and Grossglauser, NeurIPS 2015). It has no maximum likelihood for
        the normal F, and its expectation propagation takes no fractions of votes; so Thurstone is fitted here, by Newton's
        steps on a concave function.
    """
    _check_options(model, prior, level)
    counts = check_wins(wins, ties)
    separated = check_joined(counts, strongly=prior == "none")
    values, covariance = _fit(_with_prior(counts, prior), model)
    errors = np.sqrt(np.diag(covariance))
    reach = float(ndtri((1 + level) / 2)) * errors
    return ScaleValues(
        values=values,
        errors=errors,
        low=values - reach,
        high=values + reach,
        covariance=covariance,
        model=model,
        separated=separated,
    )


def scale_values_by_observer(
    observers: ArrayLike,
    first: ArrayLike,
    second: ArrayLike,
    preferred: ArrayLike,
    *,
    model: PairModel = "bradley-terry",
    prior: Prior = "weak",
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> ScaleValues:
    r"""`scale_values` with intervals by resampling observers, who are free to differ from each other.

    What an observer moves the values by is found to the first order, :math:`m H^{-1} g_o` of m observers, with the slope g
    of the observer's log-likelihood and the information H; these are resampled:
    `beholder.judgements.bootstrap.influence_interval`. So nothing is fitted again, and a resample that separates
    the answers does no harm.

    Args:
        observers: Label of who answered, text or numbers, shape (n,), at least two different.
        first: Number of the first thing of each pair, from 0, shape (n,).
        second: Number of the second, shape (n,).
        preferred: 1 where the first was preferred, 0 where the second was, 0.5 for a tie, shape (n,).
        model: ``"bradley-terry"`` or ``"thurstone"``.
        prior: As `scale_values` takes it.
        level: Confidence level, between 0 and 1.
        resamples: How often observers are drawn, at least 100.
        seed: Where chance starts from.

    Returns:
        As `scale_values`; errors and covariance are the cluster-robust ones of m observers, with the factor m / (m - 1).

    Raises:
        UsageError: If the columns are no such answers, or as `scale_values`.
        MissingPackageError: As `scale_values`.

    References:
        Liang and Zeger, Biometrika 1986, doi:10.1093/biomet/73.1.13.
    """
    _check_options(model, prior, level)
    one, two, win = _check_answers(first, second, preferred)
    numbers, people = number_groups(observers, len(win), name="observers")
    k = int(max(one.max(), two.max())) + 1
    counts = np.zeros((k, k))
    np.add.at(counts, (one, two), win)
    np.add.at(counts, (two, one), 1 - win)
    separated = check_joined(counts, strongly=prior == "none")
    values, inverse = _fit(_with_prior(counts, prior), model)
    steps = values[one] - values[two]
    slopes = win * slope(steps, model) - (1 - win) * slope(-steps, model)
    scores = np.zeros((people, k))
    np.add.at(scores, (numbers, one), slopes)
    np.add.at(scores, (numbers, two), -slopes)
    moves = people * scores @ inverse
    ends = [
        influence_interval(float(value), move, level=level, resamples=resamples, seed=seed)
        for value, move in zip(values, moves.T, strict=True)
    ]
    centred = moves - moves.mean(0)
    covariance = centred.T @ centred / (people * (people - 1))
    return ScaleValues(
        values=values,
        errors=np.sqrt(np.diag(covariance)),
        low=np.array([end.low for end in ends]),
        high=np.array([end.high for end in ends]),
        covariance=covariance,
        model=model,
        separated=separated,
    )


def _check_options(model: str, prior: str, level: float) -> None:
    for name, value, known in (("model", model, PairModel), ("prior", prior, Prior)):
        if value not in get_args(known):
            raise UsageError(f"{name} is {value!r}; expected one of {', '.join(get_args(known))}.")
    if not 0 < level < 1:
        raise UsageError(f"level is {level}; expected a share between 0 and 1, such as 0.95.")


def _check_answers(
    first: ArrayLike, second: ArrayLike, preferred: ArrayLike
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    one, two, win = check_columns(first=first, second=second, preferred=preferred)
    check_shares(preferred=win)
    for name, column in (("first", one), ("second", two)):
        strange = np.flatnonzero((column < 0) | (column % 1 != 0))
        if len(strange):
            raise UsageError(
                f"{name} is {column[strange[0]]:g} in row {strange[0]}; expected the number of a thing, whole and from 0."
            )
    same = np.flatnonzero(one == two)
    if len(same):
        raise UsageError(f"row {same[0]} compares thing {one[same[0]]:g} with itself; expected two things.")
    return one.astype(np.intp), two.astype(np.intp), win


def _with_prior(counts: NDArray[np.float64], prior: Prior) -> NDArray[np.float64]:
    if prior == "none":
        return counts
    asked = (counts + counts.T) > 0
    added: NDArray[np.float64] = asked * ((len(counts) - 1) / asked.sum())
    return counts + added


def _fit(counts: NDArray[np.float64], model: PairModel) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Scale values, and their covariance by the observed information."""
    if model == "thurstone":
        values, hessian = probit_mode(counts)
    else:
        values = np.asarray(_choix().ilsr_pairwise_dense(counts), dtype=np.float64)
        hessian = information(values, counts, model)
    # Singular along equal shifts of all, which are held at 0.
    k = len(counts)
    covariance = np.asarray(np.linalg.inv(hessian + 1 / k) - 1 / k, dtype=np.float64)
    return np.asarray(values - values.mean()), covariance


def _choix() -> Any:
    try:
        return importlib.import_module("choix")
    except ModuleNotFoundError as error:
        raise MissingPackageError(
            "Bradley-Terry scale values need the package choix: pip install 'beholder[study]'. Thurstone's need none."
        ) from error
