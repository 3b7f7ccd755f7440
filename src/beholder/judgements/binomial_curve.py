"""Binomial likelihood of a psychometric function whose argument is linear in what is sought, and its highest place."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from scipy.special import expit, ndtr

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["BinomialCurve", "Shape", "rise"]

Shape: TypeAlias = Literal["logistic", "normal"]

_LEAST_CHANCE = 1e-12
_MOST_STEPS = 60
_LEAST_DAMPING, _LITTLE_DAMPING, _MOST_DAMPING = 1e-8, 1e-2, 1e8
_SMALLEST_GAIN = 1e-6  # of log-likelihood
_TINY = 1e-300
_HEIGHT = 1 / np.sqrt(2 * np.pi)


def rise(z: NDArray[np.float64], shape: Shape) -> NDArray[np.float64]:
    """The sigmoid F, from 0 to 1: the standard logistic or normal distribution function."""
    return np.asarray(expit(z) if shape == "logistic" else ndtr(z))


@dataclasses.dataclass(frozen=True)
class BinomialCurve:
    r"""Answers at strengths, and the chance :math:`\gamma + (1 - \gamma - \lambda) F(o + Z \phi)` that they are yes.

    What is sought is :math:`(\phi, \gamma, \lambda)`, each within bounds; what is fixed has equal ones.

    Attributes:
        yes: How often the answer was yes, shape (n,).
        no: How often it was no, shape (n,).
        shape: Of F.
    """

    yes: NDArray[np.float64]
    no: NDArray[np.float64]
    shape: Shape

    def highest(
        self,
        offset: NDArray[np.float64],
        design: NDArray[np.float64],
        starts: NDArray[np.float64],
        bounds: NDArray[np.float64],
        *,
        climbs: int,
    ) -> tuple[float, NDArray[np.float64]]:
        """Damped Fisher scoring within bounds from the highest of many starts: there may be several summits.

        Args:
            offset: The o, shape (n,).
            design: The Z, shape (n, m).
            starts: Where to begin, in groups that are unlike each other, shape (g, c, m + 2).
            bounds: Lower and upper ends, shape (2, m + 2).
            climbs: How many starts of each group are followed.

        Returns:
            The highest log-likelihood found, and where.
        """
        chosen = []
        for group in np.clip(starts, *bounds):
            order = np.argsort(-self.height(offset + group[:, :-2] @ design.T, group), kind="stable")
            # The best of each line: what differs in guess or lapse alone climbs to the same summit.
            _, kept = np.unique(group[order, :-2], axis=0, return_index=True)
            chosen.append(group[order[np.sort(kept)[:climbs]]])
        return self._climb(offset, design, np.concatenate(chosen), bounds)

    def _climb(
        self,
        offset: NDArray[np.float64],
        design: NDArray[np.float64],
        places: NDArray[np.float64],
        bounds: NDArray[np.float64],
    ) -> tuple[float, NDArray[np.float64]]:
        """The highest place reached from places of shape (c, m + 2), all at once."""
        low, high = bounds
        heights = self.height(offset + places[:, :-2] @ design.T, places)
        damping, done = np.full(len(places), _LEAST_DAMPING), np.zeros(len(places), dtype=bool)
        for _ in range(_MOST_STEPS):
            slopes, matrices = self._slopes(offset, design, places)
            held = ((places <= low) & (slopes <= 0)) | ((places >= high) & (slopes >= 0)) | (low >= high)
            diagonals = np.einsum("cii->ci", matrices)  # a view
            scale = diagonals + 1e-9 * diagonals.sum(1, keepdims=True) + _TINY
            # Bounds may turn a step downhill; damped enough it is a scaled slope, which they do not.
            damped = np.where(held, 1.0, diagonals + damping[:, None] * scale)
            matrices[held[:, :, None] | held[:, None, :]] = 0.0
            diagonals[:] = damped
            steps = np.linalg.solve(matrices, np.where(held, 0.0, slopes)[:, :, None])[:, :, 0]
            found = np.clip(places + steps, low, high)
            hopes = (slopes * (found - places)).sum(1)
            reached = self.height(offset + found[:, :-2] @ design.T, found)
            better = reached > heights
            places, heights = np.where(better[:, None], found, places), np.where(better, reached, heights)
            # A step that is small because it is damped tells nothing.
            done |= (hopes >= 0) & (hopes < _SMALLEST_GAIN) & (damping <= _LITTLE_DAMPING)
            damping = np.where(better, np.maximum(damping / 10, _LEAST_DAMPING), damping * 10)
            done |= damping > _MOST_DAMPING
            if done.all():
                break
        best = int(np.argmax(heights))
        return float(heights[best]), places[best]

    def height(self, z: NDArray[np.float64], place: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log-likelihood where F is taken at ``z``, shape (..., n), and the last two of ``place`` are γ and λ."""
        chance, other, _ = self._chances(z, place)
        return np.asarray(np.log(chance) @ self.yes + np.log(other) @ self.no)

    def _chances(
        self, z: NDArray[np.float64], place: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Chance of yes, of no, and F."""
        guess, lapse = place[..., -2, None], place[..., -1, None]
        tall = 1 - guess - lapse
        up = rise(z, self.shape)
        # Both from F, so that neither cancels where it is small.
        yes, no = guess + tall * up, lapse + tall * rise(-z, self.shape)
        return np.maximum(yes, _LEAST_CHANCE), np.maximum(no, _LEAST_CHANCE), up

    def _slopes(
        self, offset: NDArray[np.float64], design: NDArray[np.float64], places: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Slopes of the log-likelihood, shape (c, m + 2), and Fisher's information, shape (c, m + 2, m + 2)."""
        z = offset + places[:, :-2] @ design.T
        yes, no, up = self._chances(z, places)
        density = up * (1 - up) if self.shape == "logistic" else _HEIGHT * np.exp(-0.5 * z**2)
        tall = 1 - places[:, -2:].sum(1)
        steep = (tall[:, None] * density)[:, :, None] * design
        moves = np.concatenate([steep, (1 - up)[:, :, None], -up[:, :, None]], axis=2)
        weights = (self.yes + self.no) / (yes * no)
        turned = moves.swapaxes(1, 2)
        slopes = turned @ (self.yes / yes - self.no / no)[:, :, None]
        return slopes[:, :, 0], (turned * weights[:, None]) @ moves
