"""QUEST+: which strength to show next so that one observer's threshold is known after few answers."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import numpy as np
from scipy.special import entr

from beholder.judgements.columns import check_columns
from beholder.judgements.psychometric import psychometric
from beholder.spec import UsageError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from beholder.judgements.binomial_curve import Shape

__all__ = ["Believed", "Parameter", "QuestPlus"]

Parameter: TypeAlias = Literal["threshold", "slope", "guess", "lapse"]

_LEAST_CHANCE = 1e-12  # an answer that no curve of the grid allows must not rule out all of them


@dataclasses.dataclass(frozen=True, kw_only=True)
class Believed:
    """What the answers so far tell of one parameter.

    Attributes:
        mean: Of its posterior.
        mode: Value of the grid with the highest posterior, whatever the other parameters.
        deviation: Standard deviation of its posterior.
    """

    mean: float
    mode: float
    deviation: float


class QuestPlus:
    r"""A posterior on a grid of psychometric functions, and the strength that tells most about them.

    `next` is the strength at which the entropy of the posterior is expected to be least after the answer. With the
    chance :math:`\psi_\theta(x)` of yes and the posterior w that is where

    .. math:: h\Bigl(\sum_\theta w_\theta \psi_\theta(x)\Bigr) - \sum_\theta w_\theta h(\psi_\theta(x))

    is greatest: the entropy h of the answer, less what of it is chance for each curve. The chances and their entropies
    are tables made once, so that a trial costs two products with the posterior.

    Args:
        strengths: Strengths that can be shown, rising, shape (s,).
        thresholds: Thresholds α that are thought possible, rising, shape (a,).
        slopes: Slopes β above 0, rising, shape (b,); steps of equal ratio make all alike likely.
        guess: The γ, one number or several that are thought possible: 0.5 for the right one of two.
        lapse: The λ, one number or several.
        shape: As `beholder.judgements.psychometric.psychometric` takes it.
        prior: How likely each threshold is before any answer, at least 0, of any sum, shape (a,); all alike without.

    Raises:
        UsageError: If a grid is empty, does not rise, or holds what cannot be; or the prior is none.

    References:
        Watson, "QUEST+: A general multidimensional Bayesian adaptive psychometric method", Journal of Vision 2017,
        doi:10.1167/17.3.10. That least expected entropy is greatest mutual information: Kontsevich and Tyler, Vision
        Research 1999, doi:10.1016/S0042-6989(98)00285-5.
    """

    def __init__(
        self,
        strengths: ArrayLike,
        thresholds: ArrayLike,
        slopes: ArrayLike,
        *,
        guess: float | ArrayLike,
        lapse: float | ArrayLike = 0.02,
        shape: Shape = "logistic",
        prior: ArrayLike | None = None,
    ) -> None:
        self.strengths = _rising("strengths", strengths)
        self.grids: dict[Parameter, NDArray[np.float64]] = {
            "threshold": _rising("thresholds", thresholds),
            "slope": _rising("slopes", slopes),
            "guess": _rising("guess", guess),
            "lapse": _rising("lapse", lapse),
        }
        self._check_grids()
        self.shape = shape
        axes = np.meshgrid(*self.grids.values(), indexing="ij")
        self._curves = [axis.ravel() for axis in axes]
        weights = np.broadcast_to(self._check_prior(prior)[:, None, None, None], axes[0].shape)
        self._posterior = np.array(weights, dtype=np.float64).ravel()
        self._posterior /= self._posterior.sum()
        self._chances = self._chance(self.strengths[:, None])
        self._noise = entr(self._chances) + entr(1 - self._chances)

    def next(self) -> float:
        """The strength to show next; of several that tell as much, the weakest."""
        chance = self._chances @ self._posterior
        told = entr(chance) + entr(1 - chance) - self._noise @ self._posterior
        return float(self.strengths[np.argmax(told)])

    def update(self, strength: float, answer: bool, *, times: int = 1) -> None:  # noqa: FBT001 - yes or no
        """Learn from an answer.

        Args:
            strength: What was shown; it need not be one of the strengths of the grid.
            answer: Whether the answer was "different", or right.
            times: How often it was given, at least 0.

        Raises:
            UsageError: If the strength is no finite number, the answer neither yes nor no, or ``times`` below 0.
        """
        if not np.isfinite(strength):
            raise UsageError(f"strength is {strength}; expected the finite strength that was shown.")
        if answer not in (0, 1):
            raise UsageError(f"answer is {answer!r}; expected True or False.")
        if times < 0:
            raise UsageError(f"times is {times}; expected how often the answer was given, at least 0.")
        chance = self._chance(np.float64(strength))
        told = times * np.log(chance if answer else 1 - chance)
        # Many answers together are less likely than the smallest number, which a ratio to the likeliest curve is not.
        self._posterior *= np.exp(told - told.max())
        self._posterior /= self._posterior.sum()

    @property
    def posterior(self) -> NDArray[np.float64]:
        """Probability of each curve, of sum 1, shape (thresholds, slopes, guesses, lapses); a copy."""
        return self._posterior.reshape([len(grid) for grid in self.grids.values()]).copy()

    def believed(self, parameter: Parameter = "threshold") -> Believed:
        """What the answers so far tell of a parameter.

        Raises:
            UsageError: If there is no such parameter.
        """
        names = get_args(Parameter)
        if parameter not in names:
            raise UsageError(f"parameter is {parameter!r}; expected one of {', '.join(names)}.")
        axis, grid = names.index(parameter), self.grids[parameter]
        marginal = self.posterior.sum(tuple(other for other in range(len(names)) if other != axis))
        mean = float(marginal @ grid)
        return Believed(
            mean=mean,
            mode=float(grid[np.argmax(marginal)]),
            deviation=float(np.sqrt(marginal @ (grid - mean) ** 2)),
        )

    def _chance(self, strength: NDArray[np.float64] | np.float64) -> NDArray[np.float64]:
        threshold, slope, guess, lapse = self._curves
        chance = psychometric(strength, threshold, slope, guess=guess, lapse=lapse, shape=self.shape)
        return np.clip(chance, _LEAST_CHANCE, 1 - _LEAST_CHANCE)

    def _check_grids(self) -> None:
        if self.grids["slope"][0] <= 0:
            raise UsageError(f"slopes begin at {self.grids['slope'][0]:g}; expected slopes above 0.")
        guess, lapse = self.grids["guess"], self.grids["lapse"]
        if guess[0] < 0 or lapse[0] < 0 or guess[-1] + lapse[-1] >= 1:
            raise UsageError(
                f"guess goes from {guess[0]:g} to {guess[-1]:g} and lapse from {lapse[0]:g} to {lapse[-1]:g}; expected "
                "shares from 0, with a sum below 1."
            )

    def _check_prior(self, prior: ArrayLike | None) -> NDArray[np.float64]:
        thresholds = self.grids["threshold"]
        if prior is None:
            return np.ones_like(thresholds)
        _, weights = check_columns(thresholds=thresholds, prior=prior)
        if weights.min() < 0 or not weights.any():
            raise UsageError(
                "prior has a weight below 0, or none above; expected how likely each threshold is."
            )
        return weights


def _rising(name: str, grid: float | ArrayLike) -> NDArray[np.float64]:
    columns: dict[str, ArrayLike] = {name: np.atleast_1d(np.asarray(grid))}
    (values,) = check_columns(1, **columns)
    if (np.diff(values) <= 0).any():
        raise UsageError(f"{name} do not rise; expected different numbers in rising order.")
    return values
