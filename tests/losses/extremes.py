"""Pairs of pictures at which losses divide by nothing, or take the root of it."""

from __future__ import annotations

import torch
from torch import Tensor

from beholder.data.photos import PHOTOS

__all__ = ["extreme_pairs", "finite"]


def extreme_pairs(side: int) -> dict[str, tuple[Tensor, Tensor]]:
    """Name -> pair of pictures, shape (1, 3, side, side)."""
    photo = PHOTOS[1].detail(side)[None]
    black, white, grey = (torch.full_like(photo, level) for level in (0, 1, 0.5))
    bits = (photo > 0.5).float()
    return {
        "identical": (photo, photo.clone()),
        "nearly identical": (photo + 1e-8, photo),
        "nearly grey": (grey, grey + 1e-8 * photo),
        "nearly black": (1e-30 * photo, black),
        "black": (black, black),
        "white": (white, white),
        "black on a photograph": (black, photo),
        "a photograph on white": (photo, white),
        "grey on black": (grey, black),
        "zeros and ones": (bits, 1 - bits),
    }


def finite(loss: torch.nn.Module, x: Tensor, y: Tensor) -> bool:
    """Whether a loss and its gradients at both pictures are finite."""
    x, y = x.clone().requires_grad_(), y.clone().requires_grad_()
    value = loss(x, y)
    gradients = torch.autograd.grad(value, (x, y))
    return bool(value.isfinite()) and all(bool(gradient.isfinite().all()) for gradient in gradients)
