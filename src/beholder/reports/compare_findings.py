"""What comes of a comparison: means, and which candidates differ by more than chance on the same pictures."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Literal

import numpy as np

from beholder.judgements.paired import PairedDifference, compare_paired, fewest_rows, row_interval
from beholder.judgements.testing import holm
from beholder.spec import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import polars as pl
    from numpy.typing import NDArray

    from beholder.judgements import Interval
    from beholder.spec import MetricSpec

__all__ = ["Findings", "Measured", "Standing", "Verdict", "Versus", "find"]

Verdict = Literal["better", "worse", "mixed", "unclear"]

_LEVEL = 0.05  # what a corrected p-value must not exceed


@dataclasses.dataclass(frozen=True)
class Standing:
    """A candidate by one metric.

    Attributes:
        mean: Mean of its scores, with its interval.
        best: Whether no candidate has a better mean.
        mark: ``"like"`` where it is not told apart from the best, or from the baseline where there is one; then also
            ``"better"`` and ``"worse"``. Else empty.
    """

    mean: Interval
    best: bool
    mark: Literal["", "like", "better", "worse"]


@dataclasses.dataclass(frozen=True)
class Versus:
    """Two candidates by one metric.

    Attributes:
        metric: Name of its column.
        first: The one.
        second: The other.
        found: Scores of the first less those of the second.
        p_value: Corrected for all comparisons of the run.
        verdict: What the first is beside the second; ``"mixed"`` where the mean and the ranks of the differences, by which
            they are told apart, say opposite things, ``"unclear"`` where they are not told apart.
        wins: Pictures on which the first is better.
        losses: Pictures on which the second is.
    """

    metric: str
    first: str
    second: str
    found: PairedDifference
    p_value: float
    verdict: Verdict
    wins: int
    losses: int


@dataclasses.dataclass(frozen=True)
class Measured:
    """One metric's scores.

    Attributes:
        spec: What the metric is.
        pictures: Names of those that are compared, n of them.
        scores: A row per picture, a column per candidate, all finite, shape (n, k).
        infinite: Names of pictures that are left out because a candidate's score is infinite.
    """

    spec: MetricSpec
    pictures: tuple[str, ...]
    scores: NDArray[np.float64]
    infinite: tuple[str, ...] = ()

    @property
    def sign(self) -> int:
        """1 where higher is better, else -1."""
        return 1 if self.spec.direction == "higher" else -1


@dataclasses.dataclass(frozen=True)
class Findings:
    """All that a comparison tells.

    Attributes:
        candidates: Their names, k of them.
        baseline: The one that the others are compared with, or ``None`` where all are, two by two.
        measured: Scores, by metric.
        left_out: Pictures without some candidate's score, and why.
        standings: By metric, one for each candidate; of a metric without pictures, none.
        comparisons: Two by two, by metric.
    """

    candidates: tuple[str, ...]
    baseline: str | None
    measured: Mapping[str, Measured]
    left_out: Mapping[str, str]
    standings: Mapping[str, tuple[Standing, ...]]
    comparisons: tuple[Versus, ...]

    @property
    def pictures(self) -> int:
        """How many are compared."""
        return max((len(each.pictures) for each in self.measured.values()), default=0)

    @property
    def needed(self) -> int:
        """Pictures below which no difference by a metric could be shown, however large."""
        return fewest_rows(max(1, len(self.comparisons)), _LEVEL)

    @property
    def scarce(self) -> dict[str, int]:
        """Metrics with fewer pictures than are needed, and how many they have."""
        counts = {name: len(each.pictures) for name, each in self.measured.items()}
        return {name: count for name, count in counts.items() if count < self.needed}


def find(
    frame: pl.DataFrame,
    metrics: Mapping[str, MetricSpec],
    *,
    baseline: str | None = None,
    tell: Callable[[int, int], object] = lambda _done, _all: None,
) -> Findings:
    """Compare candidates on the pictures that all of them have scores of.

    Args:
        frame: A row per picture and candidate: ``picture``, ``candidate``, a column per metric, ``error``.
        metrics: The metrics, by the names of their columns.
        baseline: The candidate that the others are compared with; by default all are, two by two.
        tell: Called with the number of comparisons that are done, and of all.

    Raises:
        UsageError: If the baseline is no candidate.
    """
    names = tuple(frame["candidate"].unique(maintain_order=True).to_list())
    if baseline is not None and baseline not in names:
        raise UsageError(f"the baseline is {baseline!r}; expected one of {', '.join(names)}.")
    left_out: dict[str, str] = {}
    failed = frame.filter(frame["error"].is_not_null())
    for picture, candidate, error in failed.select("picture", "candidate", "error").iter_rows():
        left_out.setdefault(picture, f"{candidate}: {error}")
    whole = frame.filter(~frame["picture"].is_in(list(left_out)))
    measured = {name: _measure(whole, name, spec, len(names)) for name, spec in metrics.items()}
    pairs = _pairs(names, baseline)
    comparisons = _compare(measured, names, pairs, tell)
    standings = {
        name: tuple(_stand(each, names, baseline, [c for c in comparisons if c.metric == name]))
        for name, each in measured.items()
        if each.pictures
    }
    return Findings(names, baseline, measured, left_out, standings, comparisons)


def _measure(whole: pl.DataFrame, name: str, spec: MetricSpec, candidates: int) -> Measured:
    pictures = whole["picture"].to_list()[::candidates]
    scores = whole[name].to_numpy().astype(np.float64).reshape(-1, candidates)
    infinite = (~np.isfinite(scores)).any(axis=1)
    kept, dropped = np.flatnonzero(infinite == 0).tolist(), np.flatnonzero(infinite).tolist()
    return Measured(
        spec, tuple(pictures[row] for row in kept), scores[kept], tuple(pictures[row] for row in dropped)
    )


def _pairs(names: Sequence[str], baseline: str | None) -> list[tuple[int, int]]:
    if baseline is None:
        return [(one, other) for one in range(len(names)) for other in range(one + 1, len(names))]
    base = names.index(baseline)
    return [(one, base) for one in range(len(names)) if one != base]


def _compare(
    measured: Mapping[str, Measured],
    names: Sequence[str],
    pairs: Sequence[tuple[int, int]],
    tell: Callable[[int, int], object],
) -> tuple[Versus, ...]:
    wanted = [(name, pair) for name, each in measured.items() if each.pictures for pair in pairs]
    found = []
    for done, (name, (one, other)) in enumerate(wanted, 1):
        scores = measured[name].scores
        found.append(compare_paired(scores[:, one], scores[:, other]))
        tell(done, len(wanted))
    if not found:
        return ()
    corrected = holm([each.p_value for each in found]).tolist()
    return tuple(
        _versus(name, names[one], names[other], each, p_value, measured[name].sign)
        for (name, (one, other)), each, p_value in zip(wanted, found, corrected, strict=True)
    )


def _versus(
    metric: str, first: str, second: str, found: PairedDifference, p_value: float, sign: int
) -> Versus:
    mean, most = sign * found.difference.estimate, sign * found.effect
    verdict: Verdict = "unclear"
    if p_value <= _LEVEL:
        verdict = "mixed" if mean * most <= 0 else "better" if most > 0 else "worse"
    wins, losses = (found.above, found.below)[::sign]
    return Versus(metric, first, second, found, p_value, verdict, wins, losses)


def _stand(
    measured: Measured, names: Sequence[str], baseline: str | None, comparisons: Sequence[Versus]
) -> list[Standing]:
    means = measured.sign * measured.scores.mean(axis=0)
    best = int(np.argmax(means))
    beside = names[best] if baseline is None else baseline
    verdicts: dict[str, str] = {}
    for each in comparisons:
        if each.second == beside:
            verdicts[each.first] = each.verdict
        elif each.first == beside:
            verdicts[each.second] = {"better": "worse", "worse": "better"}.get(each.verdict, each.verdict)
    standings = []
    for place, name in enumerate(names):
        verdict = verdicts.get(name, "")
        mark = "like" if verdict in ("mixed", "unclear") else verdict if baseline is not None else ""
        is_best = bool(means[place] == means[best])
        standings.append(Standing(row_interval(measured.scores[:, place]), is_best, mark))  # type: ignore[arg-type]  # one of the words
    return standings
