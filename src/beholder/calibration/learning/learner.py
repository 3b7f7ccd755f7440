"""One step of learning a metric."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from beholder.calibration.ranking import RankingNetwork
from beholder.spec import TrainingError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightning_fabric import Fabric

    from beholder.calibration.learning.layered import LayeredDistance
    from beholder.calibration.learning.recipe import MetricRecipe

__all__ = ["MetricLearner"]


class _Judge(nn.Module):
    """Cross-entropy of what the ranking network makes of distances, against what people said."""

    def __init__(self, distance: LayeredDistance) -> None:
        super().__init__()
        self.distance = distance
        self.ranking = RankingNetwork()

    def forward(self, batch: Mapping[str, Tensor]) -> Tensor:
        if "mean" in batch:
            distances = self.distance.of_moments((batch["mean"], batch["spread"]))
        else:
            distances = self.distance(batch["ref"], batch["p0"], batch["p1"])
        d0, d1 = distances.unbind(1)
        with torch.autocast(distances.device.type, enabled=False):  # a formula, in full precision
            return self.ranking.loss(d0, d1, batch["judge"].float())


class MetricLearner:
    """A metric in learning.

    Args:
        recipe: How it is learned.
        distance: The metric.
        epoch: Steps of a pass over the triplets.
        fabric: Where it runs.
    """

    def __init__(self, recipe: MetricRecipe, distance: LayeredDistance, epoch: float, fabric: Fabric) -> None:
        self.recipe = recipe
        self.epoch = epoch
        self.fabric = fabric
        self.step = 0
        self.distance = distance
        self.plain = _Judge(distance).to(fabric.device)
        self.judge = fabric.setup_module(self.plain)
        self.learned = [each for each in self.plain.parameters() if each.requires_grad]
        told = recipe.optimiser
        trunk = set(distance.backbone.parameters())
        groups = [
            {"params": [each for each in self.learned if each not in trunk], "share": 1.0},
            {"params": [each for each in self.learned if each in trunk], "share": recipe.network_rate},
        ]
        self.optimiser = torch.optim.AdamW(
            groups, lr=told.rate, betas=told.betas, weight_decay=told.weight_decay, fused=True
        )

    def learn(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Take one step.

        Args:
            batch: What people said, ``judge`` (N,), of pictures ``ref``, ``p0`` and ``p1``, (N, 3, H, W) in [0, 1], or of
                their moments ``mean`` and ``spread``, (N, 2, channels).

        Returns:
            The loss as ``total``, and the rate.

        Raises:
            TrainingError: If the loss is no number.
        """
        rate = self._rate()
        for group in self.optimiser.param_groups:
            group["lr"] = rate * group["share"]
        self.plain.train()
        loss: Tensor = self.judge(batch)
        if not math.isfinite(loss.item()):
            raise TrainingError(
                f"the loss is {loss.item()} at step {self.step}. What was saved last, if anything was, stands; lower "
                "optimiser.rate in the run's recipe.yaml and go on with --resume."
            )
        self.optimiser.zero_grad()
        self.fabric.backward(loss)
        if self.recipe.optimiser.clip:
            nn.utils.clip_grad_norm_(self.learned, self.recipe.optimiser.clip)
        self.optimiser.step()
        self.distance.keep_weights_positive()
        self.step += 1
        return {"total": loss.detach(), "rate": torch.tensor(rate)}

    def _rate(self) -> float:
        """The full rate at first, then less with each pass, down to 0 in a line."""
        epochs, decay = self.recipe.epochs, self.recipe.decay
        left = (epochs + decay - int(self.step / self.epoch)) / (decay + 1)
        return self.recipe.optimiser.rate * min(1.0, left)

    @torch.no_grad()
    def cross_entropy(self, distances: Tensor, judge: Tensor) -> float:
        """How well the ranking network foretells what people said, in nats a triplet, the candidates in both orders.

        Args:
            distances: Of both candidates, shape (N, 2).
            judge: What people said, shape (N,).
        """
        d0, d1, share = distances[:, 0].float(), distances[:, 1].float(), judge.float()
        ranking = self.plain.ranking
        odds, turned = ranking(d0, d1), ranking(d1, d0)
        losses = [
            functional.binary_cross_entropy_with_logits(odds, share),
            functional.binary_cross_entropy_with_logits(turned, 1 - share),
        ]
        return torch.stack(losses).mean().item()

    @property
    def is_finite(self) -> bool:
        """Whether all that is learned is made of numbers."""
        return all(bool(weights.isfinite().all()) for weights in self.learned)

    def state(self) -> dict[str, Any]:
        """All that the next step depends on, but for random state and data."""
        trunk = self.distance.backbone.trunk.state_dict()  # which a backbone leaves out of its own
        return {
            "step": self.step,
            "judge": self.plain.state_dict(),
            "trunk": trunk if self.recipe.kind != "lin" else None,
            "optimiser": self.optimiser.state_dict(),
        }

    def resume(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` gave."""
        self.step = state["step"]
        self.plain.load_state_dict(state["judge"])
        if state["trunk"] is not None:
            self.distance.backbone.trunk.load_state_dict(state["trunk"])
        self.optimiser.load_state_dict(state["optimiser"])
