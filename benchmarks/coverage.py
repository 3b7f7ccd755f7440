"""How often intervals hold the truth, in simulated studies whose references differ.

For each number of references, studies are drawn whose true mean agreement, or true rank correlation, is known; each gets
its interval at 95%. Beside ours (BCa, widened for few groups), the percentile interval and the plain BCa of the same kind
of resamples. Missed low: the truth lies below the interval.

Usage: python benchmarks/coverage.py [--studies 500] [--resamples 1000] [--references 10 20 40 80 200]
"""

from __future__ import annotations

import argparse
import dataclasses
import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from beholder.judgements import grouped_interval, mean_interval, spearman
from beholder.judgements.resampling import Interval, accelerated_interval

Column = NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class Study:
    """What people and a metric said, and what they would say if there were no end of references."""

    columns: list[Column]
    groups: NDArray[np.intp]
    truth: float


def easy_triplets(draw: np.random.Generator, references: int) -> Study:
    """Agreements of five people, 5 to 15 triplets a reference, a mean of 2/3, and a standard deviation of 0.18 among references."""
    groups = np.repeat(np.arange(references), draw.integers(5, 16, size=references))
    shares = draw.beta(4, 2, size=references)
    return Study([draw.binomial(5, shares[groups]) / 5], groups, 4 / 6)


def skewed_triplets(draw: np.random.Generator, references: int) -> Study:
    """A mean of 0.9 with a tail of hard references, which have more triplets."""
    shares = draw.beta(4.5, 0.5, size=references)
    sizes = np.where(shares < 0.8, 15, 5)
    groups = np.repeat(np.arange(references), sizes)
    return Study([draw.binomial(5, shares[groups]) / 5], groups, SKEWED_TRUTH)


def _skewed_truth() -> float:
    shares = (np.arange(2_000_000) + 0.5) / 2_000_000
    density = shares**3.5 * (1 - shares) ** -0.5
    sizes = np.where(shares < 0.8, 15, 5)
    return float((density * sizes * shares).sum() / (density * sizes).sum())


SKEWED_TRUTH = _skewed_truth()


def normal_scores(draw: np.random.Generator, references: int) -> Study:
    """Five pictures a reference, whose effect shifts a metric's scores; all normal, so that SRCC is known."""
    groups = np.repeat(np.arange(references), 5)
    opinions = draw.normal(size=len(groups))
    noise = 0.4 * draw.normal(size=references)[groups] + 0.4 * draw.normal(size=len(groups))
    truth = 6 / math.pi * math.asin(0.8 / math.sqrt(0.8**2 + 2 * 0.4**2) / 2)
    return Study([0.8 * opinions + noise, opinions], groups, truth)


def of_means(study: Study, resamples: int, seed: int) -> dict[str, Interval]:
    sums = np.bincount(study.groups, weights=study.columns[0])
    sizes = np.bincount(study.groups).astype(float)
    found = of_statistic(
        Study([sums, sizes], np.arange(len(sums)), study.truth),
        resamples,
        seed,
        lambda totals, rows: float(totals.sum() / rows.sum()),
    )
    return found | {"ours": mean_interval(study.columns[0], study.groups, resamples=resamples, seed=seed)}


def of_statistic(
    study: Study, resamples: int, seed: int, statistic: Callable[..., float] = spearman
) -> dict[str, Interval]:
    seen: list[float] = []

    def noted(*columns: Column) -> float:
        seen.append(statistic(*columns))
        return seen[-1]

    ours = grouped_interval(noted, study.columns, study.groups, resamples=resamples, seed=seed)
    # It asks for the estimate, the resamples, and the data with blocks left out, in this order.
    resampled, left = np.array(seen[1 : resamples + 1]), np.array(seen[resamples + 1 :])
    low, high = np.quantile(resampled, [0.025, 0.975])
    plain = accelerated_interval(ours.estimate, resampled, left.mean() - left, 10**9, 0.95)
    return {
        "percentile": Interval(estimate=ours.estimate, low=float(low), high=float(high)),
        "BCa": plain,
        "ours": ours,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--studies", type=int, default=500)
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--references", type=int, nargs="+", default=[10, 20, 40, 80, 200])
    arguments = parser.parse_args()
    kinds = [
        ("mean agreement", easy_triplets, of_means),
        ("mean agreement, skewed", skewed_triplets, of_means),
        ("SRCC", normal_scores, of_statistic),
    ]
    print("| statistic | references | interval | covered | missed low | missed high | mean width |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for title, draw_study, intervals in kinds:
        for references in arguments.references:
            draw = np.random.default_rng(references)
            studies = [draw_study(draw, references) for _ in range(arguments.studies)]
            found = [intervals(study, arguments.resamples, seed) for seed, study in enumerate(studies)]
            for name in ("percentile", "BCa", "ours"):
                ends = np.array(
                    [
                        [each[name].low, each[name].high, study.truth]
                        for each, study in zip(found, studies, strict=True)
                    ]
                )
                low, high, truth = ends.T
                shares = f"{np.mean((low <= truth) & (truth <= high)):.1%} | {np.mean(truth < low):.1%} | {np.mean(truth > high):.1%}"
                print(
                    f"| {title} | {references} | {name} | {shares} | {np.mean(high - low):.4f} |", flush=True
                )


if __name__ == "__main__":
    main()
