"""Scores of a video's frames into one number."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

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
    present = sorted(score for score in scores if score is not None)
    if not present:
        return dict.fromkeys(POOLINGS)
    harmonic = None
    if present[0] > -1:
        harmonic = (
            len(present) / total - 1
            if (total := math.fsum(1 / (score + 1) for score in present))
            else math.inf
        )
    return {
        "mean": math.fsum(present) / len(present) if math.isfinite(sum(present)) else sum(present),
        "harmonic_mean": harmonic,
        "p5": _percentile(present, 0.05),
        "min": present[0],
        "p95": _percentile(present, 0.95),
        "max": present[-1],
    }


def _percentile(ascending: Sequence[float], share: float) -> float:
    """Between the two nearest scores, linearly; not NumPy's, which makes NaN of infinite ones."""
    below, weight = divmod(share * (len(ascending) - 1), 1)
    low = ascending[int(below)]
    high = ascending[min(int(below) + 1, len(ascending) - 1)]
    return low if weight == 0 or low == high else low * (1 - weight) + high * weight
