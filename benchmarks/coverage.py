"""How often intervals hold the truth, in simulated studies whose references differ.

For each number of references, studies are drawn in which the truth of every figure that `beholder agree` tells is known; each gets
its interval at 95%, as the command makes it. Missed low: the truth lies below the interval. With --percentile, beside ours the
percentile interval of rows drawn by references, for means and SRCC.

Usage: python benchmarks/coverage.py [--studies 500] [--resamples 1000] [--references 10 20 40 80 200] [--percentile]
"""

from __future__ import annotations

import argparse
import dataclasses
import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from beholder.calibration import MeasuredSet, agree
from beholder.calibration.opinions import score_ratings
from beholder.judgements import (
    Interval,
    alpha_of_votes,
    average_precision,
    mean_interval,
    pair_up,
    pairwise_roc,
    preference_auc,
    spearman,
)

Column = NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class Study:
    """What people and a metric said, and by figure what they would say if there were no end of references."""

    columns: list[Column]
    groups: NDArray[np.intp]
    truth: dict[str, float]


def easy_triplets(draw: np.random.Generator, references: int) -> Study:
    """Agreements of five people, 5 to 15 triplets a reference, a mean of 2/3, and a standard deviation of 0.18 among references."""
    groups = np.repeat(np.arange(references), draw.integers(5, 16, size=references))
    shares = draw.beta(4, 2, size=references)
    return Study([draw.binomial(5, shares[groups]) / 5], groups, {"mean agreement": 4 / 6})


def skewed_triplets(draw: np.random.Generator, references: int) -> Study:
    """A mean of 0.9 with a tail of hard references, which have more triplets."""
    shares = draw.beta(4.5, 0.5, size=references)
    sizes = np.where(shares < 0.8, 15, 5)
    groups = np.repeat(np.arange(references), sizes)
    return Study([draw.binomial(5, shares[groups]) / 5], groups, {"mean agreement, skewed": SKEWED_TRUTH})


def _skewed_truth() -> float:
    shares = (np.arange(2_000_000) + 0.5) / 2_000_000
    density = shares**3.5 * (1 - shares) ** -0.5
    sizes = np.where(shares < 0.8, 15, 5)
    return float((density * sizes * shares).sum() / (density * sizes).sum())


SKEWED_TRUTH = _skewed_truth()


def normal_scores(draw: np.random.Generator, references: int) -> Study:
    """Five pictures a reference, whose effect shifts a metric's scores; all normal, so that correlations are known."""
    groups, columns = _normal_columns(draw, references)
    return Study(columns, groups, NORMAL_TRUTH)


def _normal_columns(draw: np.random.Generator, references: int) -> tuple[NDArray[np.intp], list[Column]]:
    groups = np.repeat(np.arange(references), 5)
    opinions = draw.normal(size=len(groups))
    noise = 0.4 * draw.normal(size=references)[groups] + 0.4 * draw.normal(size=len(groups))
    return groups, [0.8 * opinions + noise, opinions]


def _normal_truth() -> dict[str, float]:
    plcc = 0.8 / math.sqrt(0.8**2 + 2 * 0.4**2)
    rmse = math.sqrt(1 - plcc**2)
    truth = {"srcc": 6 / math.pi * math.asin(plcc / 2), "krcc": 2 / math.pi * math.asin(plcc)}
    truth |= {"plcc": plcc, "plcc_5": plcc, "rmse": rmse, "rmse_5": rmse}
    _, (scores, opinions) = _normal_columns(np.random.default_rng(0), 40_000)
    pairs = pair_up(opinions, np.full(len(opinions), STANDARD_ERROR), most=4_000_000)
    found = pairwise_roc(scores[pairs.first] - scores[pairs.second], pairs.significant)
    return truth | {
        "auc_different": found.different_similar,
        "auc_better": found.better_worse,
        "correct": found.correct,
    }


STANDARD_ERROR = 0.3
NORMAL_TRUTH = _normal_truth()


def choices(draw: np.random.Generator, references: int) -> Study:
    """Five triplets a reference, of which five people choose by a margin that a metric sees with an error."""
    groups = np.repeat(np.arange(references), 5)
    margin = draw.normal(size=len(groups))
    hardness = 1 + draw.random(references)[groups]
    seen = margin + 0.7 * hardness * draw.normal(size=len(groups))
    return Study([seen, draw.binomial(5, ndtr(margin / hardness)) / 5], groups, CHOICES_TRUTH)


def same_or_different(draw: np.random.Generator, references: int) -> Study:
    """Five pairs a reference, of which three people say whether they are the same."""
    groups = np.repeat(np.arange(references), 5)
    apart = draw.normal(size=len(groups)) + 0.5 * draw.normal(size=references)[groups]
    seen = apart + 0.7 * draw.normal(size=len(groups)) + 0.3 * draw.normal(size=references)[groups]
    return Study([seen, draw.binomial(3, ndtr(-0.7 - apart)) / 3], groups, SAME_TRUTH)


def _large(
    draw_study: Callable[[np.random.Generator, int], Study], name: str, statistic: Callable[..., float]
) -> dict[str, float]:
    return {name: statistic(*draw_study(np.random.default_rng(0), 100_000).columns)}


CHOICES_TRUTH: dict[str, float] = {}
SAME_TRUTH: dict[str, float] = {}
CHOICES_TRUTH |= _large(choices, "auc", lambda seen, judge: preference_auc(seen, 0 * seen, judge))
CHOICES_TRUTH |= _large(choices, "ceiling", lambda _, judge: float(np.mean(judge**2 + (1 - judge) ** 2)))
CHOICES_TRUTH |= _large(choices, "alpha", lambda _, judge: alpha_of_votes(judge, np.full(len(judge), 5)))
SAME_TRUTH |= _large(same_or_different, "average_precision", average_precision)


def of_means(study: Study, resamples: int, seed: int) -> dict[str, Interval]:
    (name,) = study.truth
    return {name: mean_interval(study.columns[0], study.groups, resamples=resamples, seed=seed)}


def of_ratings(study: Study, resamples: int, seed: int) -> dict[str, Interval]:
    errors = np.full(len(study.groups), STANDARD_ERROR)
    told = score_ratings(*study.columns, errors, study.groups, level=0.95, resamples=resamples, seed=seed)
    return _named(told | {"srcc_low": told["low"], "srcc_high": told["high"]}, study)


def of_agree(study: Study, resamples: int, seed: int) -> dict[str, Interval]:
    """What the command tells of triplets (metric's margin, share) or pairs (distance, share)."""
    seen, answers = study.columns
    triplets = "auc" in study.truth
    measured = MeasuredSet(
        kind="triplets" if triplets else "pairs",
        answers=answers,
        distances={"metric": np.stack([seen, 0 * seen], 1) if triplets else seen[:, None]},
        parts={},
        groups=study.groups,
        votes=np.full(len(answers), 5 if triplets else 3),
        places=np.arange(len(answers)),
    )
    told = agree(measured, resamples=resamples, seed=seed).scores.row(0, named=True)
    return _named(
        told | {"average_precision_low": told["low"], "average_precision_high": told["high"]}, study
    )


def _named(told: dict[str, float], study: Study) -> dict[str, Interval]:
    return {
        name: Interval(estimate=told[name], low=told[f"{name}_low"], high=told[f"{name}_high"])
        for name in study.truth
    }


def percentile(study: Study, resamples: int, seed: int) -> Interval:
    """Of rows that are drawn by references: of SRCC, or of the mean."""
    statistic: Callable[..., float] = spearman if len(study.columns) == 2 else np.mean
    rows = [np.flatnonzero(study.groups == group) for group in range(study.groups.max() + 1)]
    draw, found = np.random.default_rng(seed), []
    for _ in range(resamples):
        drawn = np.concatenate([rows[group] for group in draw.integers(len(rows), size=len(rows))])
        found.append(statistic(*[column[drawn] for column in study.columns]))
    low, high = np.quantile(found, [0.025, 0.975])
    return Interval(estimate=statistic(*study.columns), low=float(low), high=float(high))


def tell(title: str, references: int, found: list[Interval], truth: float) -> None:
    low, high = np.array([[each.low, each.high] for each in found]).T
    shares = [np.mean((low <= truth) & (truth <= high)), np.mean(truth < low), np.mean(truth > high)]
    told = " | ".join(f"{share:.1%}" for share in shares)
    print(f"| {title} | {references} | {told} | {np.mean(high - low):.4f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--studies", type=int, default=500)
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--references", type=int, nargs="+", default=[10, 20, 40, 80, 200])
    parser.add_argument("--percentile", action="store_true")
    arguments = parser.parse_args()
    kinds = [
        (easy_triplets, of_means),
        (skewed_triplets, of_means),
        (choices, of_agree),
        (same_or_different, of_agree),
        (normal_scores, of_ratings),
    ]
    print("| figure | references | covered | missed low | missed high | mean width |")
    print("| --- | --- | --- | --- | --- | --- |")
    for draw_study, intervals in kinds:
        for references in arguments.references:
            draw = np.random.default_rng(references)
            studies = [draw_study(draw, references) for _ in range(arguments.studies)]
            found = [intervals(study, arguments.resamples, seed) for seed, study in enumerate(studies)]
            for name, truth in studies[0].truth.items():
                tell(name, references, [each[name] for each in found], truth)
                if arguments.percentile and (name == "srcc" or name.startswith("mean")):
                    plain = [
                        percentile(study, arguments.resamples, seed) for seed, study in enumerate(studies)
                    ]
                    tell(f"{name}, percentile", references, plain, truth)


if __name__ == "__main__":
    main()
