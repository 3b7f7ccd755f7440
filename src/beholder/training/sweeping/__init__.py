"""Which weights to take: many runs of a recipe, and the front between two measures of what comes out."""

from beholder.training.sweeping.plan import Sweep
from beholder.training.sweeping.trials import sweep

__all__ = ["Sweep", "sweep"]
