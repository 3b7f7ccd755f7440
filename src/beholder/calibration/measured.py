"""Judgements with metrics' distances beside them."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from beholder.spec import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from beholder.data.judged.rows import Better, Kind

__all__ = ["MeasuredSet"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class MeasuredSet:
    """What people said of n rows, and what metrics make of them.

    Attributes:
        kind: What a row is: ``"triplets"``, ``"pairs"`` (JND), ``"ratings"``.
        answers: Share of people who prefer candidate 1, or who took the two for the same, in [0, 1]; or the mean
            opinion on its own scale; shape (n,).
        distances: Metric -> distances, shape (n, 2) for the two candidates of triplets, else (n, 1); lower is nearer.
        parts: Names of the parts that rows belong to (``subset``, ``distortion``), shape (n,) each.
        groups: Rows of one reference have the same label, shape (n,).
        grouped: Whether the groups are known; else each row is one.
        votes: Of triplets and pairs, how many people answered, 0 where it is not known, shape (n,); ``None`` where it never is.
        standard_errors: Of ratings, the standard error of each opinion, in its units, shape (n,); NaN where it is not
            known, ``None`` where none is.
        better: Of ratings, whether the higher or the lower opinion is the better.
        places: Place of each row in the set that was measured, shape (n,).
        provenance: Where the distances come from.
        errors: Why rows that are not here could not be measured, by their names.
    """

    kind: Kind
    answers: NDArray[np.float64]
    distances: Mapping[str, NDArray[np.float64]]
    parts: Mapping[str, NDArray[Any]]
    groups: NDArray[Any]
    grouped: bool = True
    votes: NDArray[np.int64] | None = None
    standard_errors: NDArray[np.float64] | None = None
    better: Better = "higher"
    places: NDArray[np.int64]
    provenance: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    errors: tuple[tuple[str, str], ...] = ()

    def __len__(self) -> int:
        return len(self.answers)

    @property
    def has_standard_errors(self) -> bool:
        """Whether that of any opinion is known."""
        return self.standard_errors is not None and not bool(np.isnan(self.standard_errors).all())

    def assume_standard_error(self, value: float) -> MeasuredSet:
        """The same with a standard error for each opinion that has none.

        Raises:
            UsageError: If these are no ratings, or it is no finite number above 0.
        """
        if self.kind != "ratings":
            raise UsageError("opinions are of ratings; triplets and pairs have no standard error to assume.")
        if not 0 < value < math.inf:
            raise UsageError(f"the standard error of opinions is {value}; expected a number above 0.")
        known = np.full(len(self), np.nan) if self.standard_errors is None else self.standard_errors
        return dataclasses.replace(self, standard_errors=np.where(np.isnan(known), value, known))

    def choose(self, rows: NDArray[np.bool_]) -> MeasuredSet:
        """Some of the rows, by a mask."""
        return dataclasses.replace(
            self,
            answers=self.answers[rows],
            distances={name: column[rows] for name, column in self.distances.items()},
            parts={name: column[rows] for name, column in self.parts.items()},
            groups=self.groups[rows],
            votes=None if self.votes is None else self.votes[rows],
            standard_errors=None if self.standard_errors is None else self.standard_errors[rows],
            places=self.places[rows],
        )
