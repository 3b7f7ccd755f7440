"""What is trained, or optimised, against the losses."""

from beholder.training.stylising import stylise, stylise_stepwise

__all__ = ["stylise", "stylise_stepwise"]
