"""Simulated studies of thresholds whose truth is known: how often the intervals hold it, and who is found to be careless.

Observers answer as those of `beholder study rehearse`: careful ones by a psychometric function for each reference (drawn anew in each
study; false alarms 5 %, lapses 2 %), careless ones at random, always the same, or at random and too quickly, in turn. Each
sees each strength of each reference once, and the catch trials of the design. The answers go to the study's own analysis,
`beholder.study.results.analyse`, as if they had been read from its database: without HTTP, pictures and planning.

Usage: python benchmarks/study_truth.py [--studies N] [--observers N] [--careless SHARE] [--references N]
"""

from __future__ import annotations

import argparse
import collections
import sys
from collections.abc import Mapping

import numpy as np
import polars as pl

from beholder.judgements import answer_likelihoods, catch_trials, quick_answers, screen_observers
from beholder.study.design import Design
from beholder.study.rehearsal import Curve, Habit, Mind, Shown, draw_habits
from beholder.study.results import analyse
from beholder.study.results.answers import VALUES

STRENGTHS = (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0)
LEAST = 0.93
FALSE_ALARMS, LAPSES = 0.05, 0.02
DESIGN = Design.model_validate(
    {"title": "Truth", "kind": "jnd", "stimuli": {"levels": "levels"}, "retention": "2100-01-01"}
)


class Simulated:
    """What is true of a study without pictures: a psychometric function for each reference."""

    kind, ties = "jnd", False

    def __init__(self, references: int, draw: np.random.Generator) -> None:
        reach = STRENGTHS[-1] - STRENGTHS[0]
        self.curves = {
            str(number): Curve(
                threshold=float(draw.uniform(STRENGTHS[0] + reach / 4, STRENGTHS[-1] - reach / 4)),
                slope=float(draw.uniform(8, 16) / reach),
                guess=FALSE_ALARMS,
                lapse=LAPSES,
            )
            for number in range(references)
        }

    def chance(self, pictures: Mapping[str, str]) -> float:
        """Chance of "different"; what is shown second is named by reference and strength, ``same`` or ``noise``."""
        group, _, what = pictures["1"].partition("/")
        if what in ("same", "noise"):
            return FALSE_ALARMS if what == "same" else 1 - LAPSES
        return self.curves[group].chance(float(what))

    def tie(self, _: float) -> float:
        """There are none."""
        return 0.0


def ask(world: Simulated, habits: list[Habit], seed: int) -> pl.DataFrame:
    """The answers, as `beholder.study.results.read_answers` gives them."""
    catch = DESIGN.catch
    trials = [("judged", group, f"{strength:g}", None) for group in world.curves for strength in STRENGTHS]
    trials += [("catch", str(n % len(world.curves)), "same", "same") for n in range(catch.identical)]
    trials += [("catch", str(n % len(world.curves)), "noise", "different") for n in range(catch.noise)]
    rows = []
    for number, habit in enumerate(habits):
        mind = Mind(world, habit, np.random.default_rng([seed, 3, number]))  # type: ignore[arg-type]
        for position, (purpose, group, what, expected) in enumerate(trials):
            told = mind.answer(Shown(pictures={"0": group, "1": f"{group}/{what}"}, training=False))
            rows.append(
                {
                    "observer": f"{number:03d}",
                    "session": 0,
                    "position": position,
                    "purpose": purpose,
                    "stimulus": f"{group}/{what}",
                    "group": group,
                    "strength": float(what) if purpose == "judged" else None,
                    "expected": expected,
                    "swapped": False,
                    "answer": told.shown,
                    "value": VALUES[told.shown],
                    "milliseconds": told.milliseconds,
                    "implausible": told.milliseconds < DESIGN.screening.least_milliseconds,
                    "requeued": 0,
                }
            )
    empty = [
        pl.lit(None, pl.String()).alias(name)
        for name in ("subset", "condition0", "condition1", "failed", "excluded")
    ]
    return pl.DataFrame(rows, infer_schema_length=None).with_columns(*empty)


def screened(answers: pl.DataFrame) -> set[str]:
    """Whom `beholder.judgements.screen_observers` gives reasons against."""
    judged, caught = (answers.filter(pl.col("purpose") == purpose) for purpose in ("judged", "catch"))
    found = screen_observers(
        answer_likelihoods(*(judged[name].to_numpy() for name in ("observer", "stimulus", "value"))),
        catch_trials(caught["observer"].to_numpy(), (caught["answer"] == caught["expected"]).to_numpy()),
        quick_answers(
            answers["observer"].to_numpy(),
            answers["milliseconds"].to_numpy() / 1000,
            quickest=DESIGN.screening.least_milliseconds / 1000,
        ),
    )
    return {each.observer for each in found if each.reasons}


class Found:
    """How often somebody was found, rightly or not."""

    def __init__(self) -> None:
        self.counts: collections.Counter[tuple[Habit, bool]] = collections.Counter()

    def add(self, habits: list[Habit], found: set[str]) -> None:
        """Count a study's."""
        self.counts.update((habit, f"{number:03d}" in found) for number, habit in enumerate(habits))

    def row(self, name: str) -> str:
        """A line of the table."""
        right = sum(count for (habit, found), count in self.counts.items() if habit and found)
        wrong = self.counts["", True]
        careless = sum(count for (habit, _), count in self.counts.items() if habit)
        each = []
        for habit in ("random", "one side", "quick"):
            hits, misses = self.counts[habit, True], self.counts[habit, False]
            each.append(f"{hits / max(hits + misses, 1):.3f}")
        careful = wrong + self.counts["", False]
        return (
            f"| {name} | {right / max(right + wrong, 1):.3f} | {right / max(careless, 1):.3f} | {' | '.join(each)} "
            f"| {wrong / careful:.3f} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--studies", type=int, default=200)
    parser.add_argument("--observers", type=int, default=30)
    parser.add_argument("--careless", type=float, default=0.2)
    parser.add_argument("--references", type=int, default=4)
    told = parser.parse_args()
    rules, rows = Found(), Found()
    held, errors = [], []
    for seed in range(told.studies):
        world = Simulated(told.references, np.random.default_rng([seed, 1]))
        habits = draw_habits(told.observers, told.careless, np.random.default_rng([seed, 2]))
        answers = ask(world, habits, seed)
        found = analyse(answers, DESIGN)
        rules.add(habits, set(found.observers.filter(~pl.col("counts"))["observer"]))
        rows.add(habits, screened(answers))
        for curve in found.curves:
            if curve.group is None or curve.fit is None:
                continue
            truth, interval = world.curves[curve.group].threshold, curve.fit.threshold
            held.append(interval.low <= truth <= interval.high)
            errors.append(abs(interval.estimate - truth))
    share = float(np.mean(held))
    print(
        f"{told.studies} studies, {told.observers} observers, {told.careless:.0%} of them careless, {told.references} references, "
        f"{len(STRENGTHS)} strengths\n"
    )
    print(
        f"thresholds in their 95 % intervals: {share:.3f} of {len(held)} (standard error {np.sqrt(share * (1 - share) / len(held)):.3f})"
    )
    print(
        f"median error of a threshold: {np.nanmedian(errors):.3f}, of a range of strengths of {STRENGTHS[-1] - STRENGTHS[0]:g}\n"
    )
    print(
        "| careless ones, by | precision | recall | of random | of one side | of quick | careful ones flagged |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- |")
    print(rules.row("the study's rules"))
    print(rows.row("`screen_observers`"))
    if share < LEAST:
        sys.exit(f"expected at least {LEAST}")


if __name__ == "__main__":
    main()
