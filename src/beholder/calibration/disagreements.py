"""Where a metric and people disagree most."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from beholder.calibration.measured import MeasuredSet

__all__ = ["Disagreement", "worst_disagreements"]


@dataclasses.dataclass(frozen=True)
class Disagreement:
    """A row on which a metric and people differ.

    Attributes:
        place: Place of the row in the set that was measured.
        answer: What people said.
        distances: What the metric makes of it.
    """

    place: int
    answer: float
    distances: tuple[float, ...]


def worst_disagreements(measured: MeasuredSet, metric: str, count: int = 6) -> list[Disagreement]:
    """The rows on which a metric is surest of what people deny, worst first.

    Of triplets those with the largest product of people's majority against the metric, 2 |h - ½|, and the rank of its
    difference of distances, in parts of all; of pairs and ratings those whose ranks by distance and by people lie
    furthest apart.

    Args:
        measured: Judgements and distances.
        metric: Which of its metrics.
        count: At most so many.
    """
    against = _against(measured, measured.distances[metric])
    worst = np.argsort(-against, kind="stable")[:count]
    return [
        Disagreement(
            int(measured.places[row]),
            float(measured.answers[row]),
            tuple(measured.distances[metric][row].tolist()),
        )
        for row in worst
        if against[row] > 0
    ]


def _against(measured: MeasuredSet, distances: NDArray[np.float64]) -> NDArray[np.float64]:
    rows = len(measured)
    if measured.kind == "triplets":
        margin = distances[:, 0] - distances[:, 1]
        lean = (
            2 * measured.answers - 1
        )  # 1 where all prefer candidate 1, which the metric finds nearer where margin > 0
        sure: NDArray[np.float64] = stats.rankdata(np.abs(margin)) / rows
        return np.where(margin * lean < 0, sure * np.abs(lean), 0.0)
    nearness = -distances[:, 0]
    liked = (
        -measured.answers if measured.kind == "ratings" and measured.better == "lower" else measured.answers
    )
    apart: NDArray[np.float64] = np.abs(stats.rankdata(nearness) - stats.rankdata(liked)) / rows
    return apart
