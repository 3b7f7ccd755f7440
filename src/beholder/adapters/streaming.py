"""Our metrics as torchmetrics': update, compute, reset, and gathering over processes."""

from __future__ import annotations

import itertools
from typing import Any

import torch
from torch import Tensor, nn

from beholder.catalog import create_metric, list_options
from beholder.spec import Metric, MissingPackageError, UsageError

try:
    import torchmetrics
except ModuleNotFoundError as error:
    raise MissingPackageError("this needs the package torchmetrics: pip install torchmetrics") from error

__all__ = ["MeanScore"]

_NUMBERS = itertools.count()


class MeanScore(torchmetrics.Metric):
    """Mean score over all pictures seen so far, in float64, whatever the batches and processes.

    Only the sum and the number of scores are kept. The value of ``forward`` is the mean of its batch, with gradients
    where the metric has them. A score that is infinite or no number makes the mean so.

    Args:
        metric: A catalogue name, with options if wished, or a metric.
        **options: The metric's own options where it is named; then those of ``torchmetrics.Metric``.
    """

    full_state_update = False
    total: Tensor
    pictures: Tensor
    number: Tensor

    def __init__(self, metric: str | Metric, **options: Any) -> None:
        own: dict[str, Any] = {}
        if isinstance(metric, str):
            own = {key: options.pop(key) for key in list_options(metric) if key in options}
        super().__init__(**options)
        self.metric = create_metric(metric, **own) if isinstance(metric, str) else metric
        if not isinstance(self.metric, nn.Module):
            raise UsageError(f"the metric is {metric!r}; expected a catalogue name or a metric.")
        self.add_state("total", torch.zeros((), dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("pictures", torch.zeros((), dtype=torch.long), dist_reduce_fx="sum")
        # A MetricCollection takes metrics whose states are equal after the first batch for one, and goes on with one of
        # them. SSIM and FSIM of equal pictures would be: this number keeps each apart.
        self.add_state("number", torch.tensor(next(_NUMBERS)), dist_reduce_fx="max")

    @property
    def higher_is_better(self) -> bool:  # type: ignore[override]
        """Whether a higher score means more alike."""
        return self.metric.spec.direction == "higher"

    @property
    def is_differentiable(self) -> bool:  # type: ignore[override]
        """Whether gradients flow to both pictures."""
        return self.metric.spec.differentiable

    def update(self, x: Tensor, y: Tensor) -> None:
        """Add the scores of pictures ``x`` against references ``y``, (N, 3, H, W) in [0, 1]."""
        scores = self.metric(x, y)
        self.total = self.total + scores.sum(dtype=self.total.dtype)
        self.pictures = self.pictures + len(scores)

    def compute(self) -> Tensor:
        """The mean score; NaN before any picture was seen."""
        return self.total / self.pictures
