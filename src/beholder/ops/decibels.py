"""From a mean squared error to decibels."""

from __future__ import annotations

import math

import torch
from torch import Tensor

__all__ = ["decibels"]


def decibels(error: Tensor) -> Tensor:
    """Ratio of a peak of 1 to a mean squared error, in dB: infinite with gradient 0 where the error is 0.

    Args:
        error: Any shape, values at least 0.
    """
    equal = error == 0  # not "error > 0": a NaN must stay one
    return torch.where(equal, math.inf, -10 * torch.where(equal, 1, error).log10())
