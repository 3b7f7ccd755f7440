"""Judgements with metrics' distances beside them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
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
    better: Better = "higher"
    places: NDArray[np.int64]
    provenance: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    errors: tuple[tuple[str, str], ...] = ()

    def __len__(self) -> int:
        return len(self.answers)

    def choose(self, rows: NDArray[np.bool_]) -> MeasuredSet:
        """Some of the rows, by a mask."""
        return dataclasses.replace(
            self,
            answers=self.answers[rows],
            distances={name: column[rows] for name, column in self.distances.items()},
            parts={name: column[rows] for name, column in self.parts.items()},
            groups=self.groups[rows],
            places=self.places[rows],
        )
