"""How simulated observers answer: carefully, as the world has it, or carelessly in one of three ways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from beholder.study.rehearsal.visitor import Answer, Shown

if TYPE_CHECKING:
    from beholder.study.rehearsal.world import World

__all__ = ["HABITS", "Habit", "Mind", "draw_habits"]

Habit: TypeAlias = Literal["", "random", "one side", "quick"]
"""How somebody is careless; empty for who is not. Who is quick answers at random, too."""

HABITS: tuple[Habit, ...] = ("random", "one side", "quick")
_MEDIAN: dict[Habit, float] = {"": 1500.0, "random": 700.0, "one side": 700.0, "quick": 120.0}
_SPREAD = 0.5  # deviation of the times' logarithm


class Mind:
    """An observer's answers.

    Args:
        world: How likely each answer is.
        habit: How the observer is careless, if so.
        draw: Chance.
    """

    def __init__(self, world: World, habit: Habit, draw: np.random.Generator) -> None:
        self.habit = habit
        self._world, self._draw = world, draw
        # In JND the first is said with the chance of "different".
        self._words = ("different", "same") if world.kind == "jnd" else ("left", "right")
        self._favourite = self._words[int(draw.integers(2))]

    def answer(self, shown: Shown) -> Answer:
        """Answer a trial; times are lognormal."""
        milliseconds = _MEDIAN[self.habit] * np.exp(_SPREAD * self._draw.normal())
        return Answer(shown=self._choose(shown), milliseconds=round(float(milliseconds), 1))

    def _choose(self, shown: Shown) -> str:
        if self.habit == "one side":
            return self._favourite
        chance = 0.5 if self.habit else self._world.chance(shown.pictures)
        if not self.habit and self._draw.random() < self._world.tie(chance):
            return "tie"
        return self._words[int(self._draw.random() >= chance)]


def draw_habits(observers: int, careless: float, draw: np.random.Generator) -> list[Habit]:
    """Who is careless, and how: the share of them, rounded, the ways in turn, in random order."""
    count = round(careless * observers)
    habits: list[Habit] = [HABITS[place % len(HABITS)] for place in range(count)]
    habits += [""] * (observers - count)
    return [habits[place] for place in draw.permutation(observers)]
