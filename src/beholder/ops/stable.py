"""Roots and powers whose gradient is finite where the textbook's is not."""

from __future__ import annotations

import math

import torch
from torch import Tensor

__all__ = ["cbrt", "nonzero_sqrt", "real_power", "sqrt"]


def sqrt(x: Tensor) -> Tensor:
    """Square root with value and gradient 0 at 0.

    Args:
        x: Any shape, values at least 0; a negative value or NaN gives NaN.
    """
    zero = x == 0
    return torch.where(zero, 0, torch.where(zero, 1, x).sqrt())


def nonzero_sqrt(x: Tensor) -> Tensor:
    """Square root, never below that of the type's smallest number (1e-19 in float32), with gradient 0 there.

    Takes half the time of `sqrt`, for where 1e-19 is as good as 0.

    Args:
        x: Any shape, values at least 0; NaN gives NaN.
    """
    return x.clamp_min(torch.finfo(x.dtype).tiny).sqrt()


def cbrt(x: Tensor) -> Tensor:
    """Cube root with value and gradient 0 at 0.

    Args:
        x: Any shape, values at least 0; a negative value or NaN gives NaN.
    """
    zero = x == 0
    return torch.where(zero, 0, torch.where(zero, 1, x).pow(1 / 3))


def real_power(x: Tensor, exponent: float) -> Tensor:
    r"""Real part of the principal value of a fractional power, with value and gradient 0 at 0.

    That of a negative number is :math:`|x|^p \cos(p \pi)`, as MATLAB's ``real(x .^ p)``.

    Args:
        x: Any shape, values of either sign.
        exponent: The power p, above 0.
    """
    zero = x == 0
    power = torch.where(zero, 1, x).abs().pow(exponent)
    power = torch.where(x < 0, math.cos(math.pi * exponent) * power, power)
    return torch.where(zero, 0, power)
