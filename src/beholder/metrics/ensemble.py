"""Several metrics as one: a weighted sum of their distances."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from beholder.ops.shapes import check_pair
from beholder.spec import Metric, MetricSpec, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from beholder.backbones import WeightFile

__all__ = ["Ensemble", "describe_ensemble"]


class Ensemble(nn.Module):
    r"""A weighted sum of the distances of several metrics.

    .. math:: \sum_i w_i \, d_i(x, y)

    where :math:`d_i` is how far metric :math:`i`'s score is from its best: the score itself where equal pictures
    score 0 and lower is better, :math:`1 - \mathrm{SSIM}` of SSIM. Members that look through one network see
    pictures once within `beholder.backbones.passes.one_pass`, as in scoring.

    Args:
        members: Metrics by name.
        weights: Weight of each, above 0, by the same names.
        name: Name of the whole.

    Raises:
        UsageError: As `describe_ensemble`.
    """

    def __init__(
        self, members: Mapping[str, Metric], weights: Mapping[str, float], *, name: str = "ensemble"
    ) -> None:
        super().__init__()
        specs = {member: metric.spec for member, metric in members.items()}
        self.spec = describe_ensemble(specs, weights, name=name)
        self.members = nn.ModuleList(_module(member, metric) for member, metric in members.items())
        self.member_weights = tuple(float(weights[member]) for member in members)
        self.traceable = all(getattr(metric, "traceable", False) for metric in members.values())
        files: list[WeightFile] = [
            file for metric in members.values() for file in getattr(metric, "weights", ())
        ]
        self.weights: tuple[WeightFile, ...] = tuple(dict.fromkeys(files))

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Score (N, 3, H, W) pairs: shape (N,), at least 0."""
        check_pair(x, y, min_size=self.spec.min_size)
        parts = [
            weight * metric.spec.distance(metric(x, y))
            for weight, metric in zip(self.member_weights, self._metrics(), strict=True)
        ]
        return torch.stack(parts).sum(0)

    def _metrics(self) -> Sequence[Metric]:
        return list(self.members)  # type: ignore[arg-type]  # `_module` refused what is no metric


def describe_ensemble(
    specs: Mapping[str, MetricSpec], weights: Mapping[str, float], *, name: str = "ensemble"
) -> MetricSpec:
    """What a user must know of a weighted sum, from its members' specifications.

    Args:
        specs: The members' own, by name.
        weights: Weight of each, above 0.
        name: Name of the whole.

    Raises:
        UsageError: If there is no member, a weight is not a finite number above 0, or a member has no distance: it
            judges a picture alone, or equal pictures score infinitely well.
    """
    if not specs or set(specs) != set(weights):
        raise UsageError(
            f"members are {', '.join(specs) or 'none'} and weights of {', '.join(weights) or 'none'}; expected at least "
            "one member, and a weight of each."
        )
    for member, spec in specs.items():
        if not 0 < weights[member] < math.inf:
            raise UsageError(
                f"the weight of {member} is {weights[member]}; expected a finite number above 0. Leave out a member of weight 0."
            )
        if not spec.needs_reference:
            raise UsageError(
                f"{member} judges a picture alone; expected metrics that compare with a reference."
            )
        if not math.isfinite(spec.best):
            raise UsageError(
                f"equal pictures score infinitely well by {member}, so that it is no distance that could be added; "
                "take another, such as mse for psnr."
            )
    worst = sum(
        weights[member] * max(abs(bound - spec.best) for bound in spec.range)
        for member, spec in specs.items()
    )
    return MetricSpec(
        name=name,
        title=" + ".join(f"{weights[member]:.4g} {member}" for member in specs),
        direction="lower",
        best=0.0,
        range=(0.0, worst),
        unit="1",
        differentiable=all(spec.differentiable for spec in specs.values()),
        symmetric=all(spec.symmetric for spec in specs.values()),
        min_size=max(spec.min_size for spec in specs.values()),
        paper="; ".join(dict.fromkeys(spec.paper for spec in specs.values())),
        weights=tuple(dict.fromkeys(card for spec in specs.values() for card in spec.weights)),
    )


def _module(member: str, metric: Metric) -> nn.Module:
    if not isinstance(metric, nn.Module):
        raise UsageError(
            f"{member} is {type(metric).__name__}; expected a torch.nn.Module, as wrap_metric makes it."
        )
    return metric
