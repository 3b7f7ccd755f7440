"""The learning rate at each step."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from beholder.training.recipe import Schedule

__all__ = ["rate_at"]


def rate_at(step: int, steps: int, schedule: Schedule) -> float:
    """The learning rate, in parts of the recipe's.

    Args:
        step: The step, from 0.
        steps: Steps of the whole run.
        schedule: How it goes.
    """
    if step < schedule.warmup:
        return (step + 1) / schedule.warmup
    if schedule.kind == "constant":
        return 1.0
    if schedule.kind == "step":
        return float(schedule.factor ** sum(step >= milestone for milestone in schedule.milestones))
    done = (step - schedule.warmup) / max(1, steps - schedule.warmup)
    return schedule.floor + (1 - schedule.floor) * (1 + math.cos(math.pi * done)) / 2
