"""How good a network is: scores of whole pictures, and a grid to look at."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from beholder.catalog import create_metric
from beholder.images import save_picture
from beholder.networks.enlarging import enlarge
from beholder.spec import ShapeError, TrainingError, UsageError
from beholder.training.writing import replacing

if TYPE_CHECKING:
    from pathlib import Path

    from torch.utils.data import Subset

    from beholder.spec import Metric
    from beholder.training.recipe import Validation

__all__ = ["Enlarger", "Validator"]

_SHOWN_SIDE = 160  # pixels of each tile of the grid


class Enlarger(nn.Module):
    """In place of a network: what scores would be without one. Pictures come out as they are, or bicubically enlarged.

    Args:
        scale: How many times to enlarge.
    """

    def __init__(self, scale: int) -> None:
        super().__init__()
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:  # noqa: D102 -- as of any module
        return x if self.scale == 1 else enlarge(x, self.scale)


class Validator:
    """Metrics of a validation, loaded once.

    Args:
        settings: What is measured.
        device: Where.

    Raises:
        UsageError: If a metric is unknown.
        WeightsError: If weights are missing.
    """

    def __init__(self, settings: Validation, device: torch.device) -> None:
        self.settings = settings
        self.device = device
        self.metrics = {name: create_metric(name) for name in settings.metrics}
        for metric in self.metrics.values():
            if isinstance(metric, nn.Module):
                metric.to(device)
        select = self.metrics.get(settings.select)  # none, where the last network is kept
        self.higher_is_better = select is not None and select.spec.direction == "higher"

    def score(
        self, network: nn.Module, pairs: Subset[dict[str, Tensor]], grid: Path | None = None
    ) -> dict[str, float]:
        """Mean scores over pictures.

        What the network gives is clamped to [0, 1] and rounded to 8 bits, as a file of it would be.

        Args:
            network: The network, computed in float32.
            pairs: Degraded (``"x"``) and clean (``"y"``) pictures, each of shape (C, H, W), in [0, 1].
            grid: File for a picture of the first ones: degraded, restored, clean.

        Returns:
            Metric -> mean score.

        Raises:
            UsageError: If a picture is too small for a metric.
            TrainingError: If the grid cannot be written.
        """
        was_training = network.training
        network.eval()
        found: dict[str, list[float]] = {name: [] for name in self.metrics}
        shown: list[Tensor] = []
        with torch.inference_mode():
            for pair in (pairs[place] for place in range(len(pairs))):
                degraded, clean = (pair[side][None].to(self.device) for side in ("x", "y"))
                restored = (network(degraded).clamp(0, 1) * 255).round() / 255
                for name, metric in self.metrics.items():
                    found[name].append(_measure(name, metric, restored, clean))
                if len(shown) < self.settings.shown:
                    shown.append(_row(degraded, restored, clean))
        network.train(was_training)
        if grid is not None and shown:
            with replacing(grid) as partial:
                save_picture(torch.cat(shown, -2)[0].cpu(), partial)
        return {name: sum(scores) / len(scores) for name, scores in found.items()}

    def is_better(self, scores: dict[str, float], best: float | None) -> bool:
        """Whether scores beat the best so far by the metric that selects; always, where the last network is kept.

        Raises:
            TrainingError: If the score that selects is no number.
        """
        score = scores.get(self.settings.select)
        if score is not None and math.isnan(score):
            raise TrainingError(
                f"{self.settings.select} of the validation is no number, so nothing tells which network is better. What "
                "was saved last stands."
            )
        if best is None or score is None:
            return True
        return score > best if self.higher_is_better else score < best


def _measure(name: str, metric: Metric, x: Tensor, y: Tensor) -> float:
    try:
        return metric(x, y).item()
    except ShapeError as error:
        raise UsageError(f"validation.metrics: {name}: {error}") from error


def _row(degraded: Tensor, restored: Tensor, clean: Tensor) -> Tensor:
    """Middles of the three, side by side, the degraded enlarged to their size."""
    enlarged = functional.interpolate(degraded, clean.shape[-2:], mode="nearest")
    height, width = (min(side, _SHOWN_SIDE) for side in clean.shape[-2:])
    top, left = (clean.shape[-2] - height) // 2, (clean.shape[-1] - width) // 2
    tiles = [each[..., top : top + height, left : left + width] for each in (enlarged, restored, clean)]
    padded = [
        functional.pad(tile, (0, _SHOWN_SIDE - width, 0, _SHOWN_SIDE - height), value=1) for tile in tiles
    ]
    return torch.cat(padded, -1)
