"""Scores of a video's frames into one number."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["POOLINGS", "pool"]

POOLINGS = ("mean", "harmonic_mean", "p5", "min", "p95", "max")


def pool(scores: Sequence[float | None]) -> dict[str, float | None]:
    """Pool the scores of frames; those that failed are left out.

    Args:
        scores: One score a frame, ``None`` where it failed.

    Returns:
        ``mean``; ``harmonic_mean`` as libvmaf defines it, n / sum(1 / (score + 1)) - 1, ``None`` where a score is
        -1 or less; ``p5`` and ``p95``, the 5th and 95th percentile (linear interpolation); ``min``, ``max``. All
        ``None`` where no frame has a score. Where higher is better ``p5`` and ``min`` tell of the worst
        frames, where lower is better ``p95`` and ``max``.
    """
    present = np.array([score for score in scores if score is not None], dtype=np.float64)
    if present.size == 0:
        return dict.fromkeys(POOLINGS)
    harmonic = None
    if (present > -1).all():
        harmonic = float(1 / np.mean(1 / (present + 1)) - 1) if np.isfinite(present).any() else math.inf
    with np.errstate(invalid="ignore"):  # between two infinite scores
        low, high = (float(np.percentile(present, rank)) for rank in (5, 95))
    return {
        "mean": float(present.mean()),
        "harmonic_mean": harmonic,
        "p5": float(present.min()) if math.isnan(low) else low,
        "min": float(present.min()),
        "p95": float(present.max()) if math.isnan(high) else high,
        "max": float(present.max()),
    }
