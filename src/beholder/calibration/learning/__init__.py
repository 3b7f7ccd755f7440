"""Metrics learned from judgements: the weights of a network's channels, or the network with them."""

from beholder.calibration.learning.recipe import MetricRecipe
from beholder.calibration.learning.run import learn_metric

__all__ = ["MetricRecipe", "learn_metric"]
