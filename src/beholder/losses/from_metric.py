"""Any differentiable metric as a loss."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from beholder.catalog import create_metric
from beholder.losses.picture_loss import PictureLoss
from beholder.spec import Metric, UsageError

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["AsLoss"]

_MOST = 200.0


class AsLoss(PictureLoss):
    r"""A metric as a loss: how far a score is from that of equal pictures.

    Each image is converted, then the mean is taken: :math:`s - s^*` where lower is better, :math:`s^* - s` where
    higher is, and :math:`-s` where the best score :math:`s^*` is infinite; there no more than 200 counts (dB, for
    PSNR), so that one pair of equal pictures leaves the mean finite.

    Args:
        metric: A catalogue name, with options if wished (``"dists"``, ``"ssim:channel=rgb"``), or a metric.
        **options: The metric's own options where it is named.

    Raises:
        UsageError: If the name or an option is unknown, or no gradient flows through the metric.
        WeightsError: If weights are missing.

    Example:
        >>> loss = AsLoss("dists")
        >>> loss(restored, originals).backward()
    """

    title = "A metric: how far its score is from that of equal pictures"

    def __init__(self, metric: str | Metric, **options: Any) -> None:
        super().__init__()
        if options and not isinstance(metric, str):
            raise UsageError(f"options {', '.join(options)} go with a metric's name, not with a metric.")
        self.metric = create_metric(metric, **options) if isinstance(metric, str) else metric
        spec = self.metric.spec
        if not spec.differentiable:
            raise UsageError(f"{spec.name} is no loss: no gradient flows through it.")
        self.spec = spec

    def per_image(self, x: Tensor, y: Tensor) -> Tensor:
        """How far each score is from the best, shape (N,); at least 0, or -200 where the best is infinite."""
        score = self.metric(x, y)
        if math.isfinite(self.spec.best):
            return self.spec.distance(score)
        score = score.clamp(-_MOST, _MOST)
        return score if self.spec.direction == "lower" else -score

    def extra_repr(self) -> str:
        """The metric's name."""
        return self.spec.name
