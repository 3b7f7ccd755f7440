"""Numbers that distortions draw."""

from __future__ import annotations

import math

import torch

__all__ = ["draw_angle", "draw_number", "draw_sign"]


def draw_number(draw: torch.Generator, low: float, high: float) -> float:
    """A number between two, all equally likely."""
    return low + (high - low) * torch.rand((), dtype=torch.float64, generator=draw).item()


def draw_sign(draw: torch.Generator) -> float:
    """-1 or 1, equally likely."""
    return 1.0 if draw_number(draw, -1, 1) >= 0 else -1.0


def draw_angle(draw: torch.Generator) -> float:
    """A direction, in radians, all equally likely."""
    return draw_number(draw, 0, 2 * math.pi)
