"""A metric's learning, from its recipe to a file that is a metric."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from beholder.backbones.sizes import smallest_square
from beholder.calibration.learning.layered import LayeredDistance
from beholder.calibration.learning.learner import MetricLearner
from beholder.calibration.learning.measured import MeasuredTriplets, fingerprint, measure_triplets
from beholder.calibration.learning.order import PassOrder
from beholder.calibration.learning.pictures import JudgedPictures
from beholder.calibration.learning.split import open_triplets
from beholder.calibration.learning.trunk import build_trunk
from beholder.judgements import twoafc_score
from beholder.metrics.learned_lpips import save_learned_lpips
from beholder.metrics.lpips_backbone import find_channels_last
from beholder.spec import UsageError
from beholder.training.changes import check_changes
from beholder.training.folder import RunFolder
from beholder.training.loop import follow, leave_interrupts
from beholder.training.processes import plan_processes
from beholder.training.task import Pace, Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from lightning_fabric import Fabric

    from beholder.calibration.learning.recipe import MetricRecipe
    from beholder.data.judged import JudgementSet

__all__ = ["FREE", "learn_metric"]

FREE = (
    *("title", "epochs", "decay", "validation", "checkpoint", "weights"),
    *("data.train", "data.validation", "data.workers", "optimiser.rate", "optimiser.clip", "network_rate"),
)
"""What of a recipe may change while learning is broken off."""

_VALIDATED_AT_ONCE = 64


def learn_metric(
    recipe: MetricRecipe,
    folder: Path,
    *,
    resume: bool = False,
    devices: int = 1,
    nodes: int = 1,
    accelerator: str = "auto",
    tell: Callable[[Progress], object] | None = None,
    tell_measuring: Callable[[int, int], object] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Path:
    """Learn a metric from triplets that people judged.

    Every drawn number is a function of the recipe's seed and the step, so that what was broken off goes on from its last
    checkpoint as if it had not been. What dropout leaves out, each process draws for its own part of the batch.

    Of the kind ``lin`` the network stays as it is: each picture passes it once, whatever the number of passes over the
    triplets, and what the learning needs of it is kept in ``measured/`` (18 kB a triplet with AlexNet).

    Args:
        recipe: What the learning is made of.
        folder: Where it is kept, see `RunFolder`.
        resume: Go on with what is there.
        devices: Processes on each node, each with a device of its own; they split each batch.
        nodes: Machines, see `beholder.training.run.train`.
        accelerator: ``"auto"``, ``"cpu"`` or ``"cuda"``.
        tell: Called after every step, and before the first one of a new run.
        tell_measuring: Called with the number of triplets that have passed the network, and of all.
        stop: Asked after every step; true saves a checkpoint and ends the run.

    Returns:
        The metric's file, the best one by the validation. A run that is stopped before the first one leaves none.

    Raises:
        UsageError: If the recipe cannot be followed, the triplets are others than those that it began with, or the folder
            holds a run and ``resume`` is false, or none and it is true, or another process is at it.
        TrainingError: If the loss or a weight is no number, or nothing more can be written.
        PictureError: If a picture cannot be read.
        WeightsError: If the network's weights are missing or damaged.
    """
    fabric = plan_processes(
        recipe.batch, recipe.precision, devices=devices, nodes=nodes, accelerator=accelerator
    )
    runs = RunFolder(folder)
    follow(
        lambda: _Learning(recipe, runs, fabric, tell_measuring),
        runs,
        fabric,
        resume=resume,
        tell=tell,
        stop=stop,
    )
    return runs.metric


class _Learning:
    """The `Task` of learning a metric."""

    measured = frozenset({"agreement", "cross_entropy"})

    def __init__(
        self,
        recipe: MetricRecipe,
        folder: RunFolder,
        fabric: Fabric,
        tell: Callable[[int, int], object] | None,
    ) -> None:
        self.recipe, self.fabric = recipe, fabric
        train, self.validation = open_triplets(recipe, tell)
        torch.manual_seed(recipe.seed)
        distance = _build(recipe, train).to(fabric.device)
        self.learner = MetricLearner(recipe, distance, len(train) / recipe.batch, fabric)
        weights = distance.backbone.weights
        layers = distance.backbone.layers
        self.learns_from = fingerprint(recipe.backbone, layers, weights.sha256, judged=train)
        order = PassOrder(len(train), recipe.seed)
        self.means: Tensor | None = None
        self.items: Dataset[dict[str, Tensor]] = JudgedPictures(train, order)
        if recipe.kind == "lin":
            self.items = MeasuredTriplets(self._measure(train, folder, tell), train, order)
            self.means = MeasuredTriplets(
                self._measure(self.validation, folder, tell), self.validation
            ).means()
        epoch = len(train) / recipe.batch
        self.pace = Pace(
            steps=math.ceil(epoch * (recipe.epochs + recipe.decay)),
            batch=recipe.batch,
            every=max(1, round(epoch * recipe.validation.every)),
            patience=recipe.validation.patience,
            checkpoint=recipe.checkpoint,
            workers=recipe.data.workers if recipe.kind != "lin" else 0,
            seed=recipe.seed,
        )
        self.select = recipe.validation.select
        self.learn = self.learner.learn

    def _measure(
        self, judged: JudgementSet, folder: RunFolder, tell: Callable[[int, int], object] | None
    ) -> list[Path]:
        backbone = self.learner.distance.backbone
        of = fingerprint(
            *(self.recipe.backbone, backbone.layers, backbone.weights.sha256, self.recipe.precision),
            judged=judged,
        )
        return measure_triplets(
            self.learner.distance,
            judged,
            folder.path / "measured",
            self.fabric,
            of=of,
            workers=self.recipe.data.workers,
            tell=tell,
        )

    @property
    def step(self) -> int:
        return self.learner.step

    @property
    def is_finite(self) -> bool:
        return self.learner.is_finite

    def begin(self) -> None:
        """The weights are those that they were made with."""

    def score_before(self) -> dict[str, float]:
        return self.validate()

    def validate(self, grid: Path | None = None) -> dict[str, float]:  # noqa: ARG002 -- there is nothing to draw
        distances, judge = self._distances(), self.validation.answers
        d0, d1 = distances.double().unbind(1)
        return {
            "agreement": twoafc_score(d0.numpy(), d1.numpy(), judge),
            "cross_entropy": self.learner.cross_entropy(
                distances.to(self.fabric.device), torch.from_numpy(judge).to(self.fabric.device)
            ),
        }

    @torch.inference_mode()
    def _distances(self) -> Tensor:
        """Of both candidates of each triplet of the validation, shape (n, 2)."""
        distance = self.learner.distance.eval()
        if self.means is not None:
            return distance.of_moments((self.means.to(self.fabric.device), torch.empty(0))).cpu()
        pictures = DataLoader(
            JudgedPictures(self.validation),
            batch_size=_VALIDATED_AT_ONCE,
            num_workers=self.recipe.data.workers,
            worker_init_fn=leave_interrupts,
        )
        with self.fabric.autocast():
            parts = [
                distance(*(batch[name].to(self.fabric.device) for name in ("ref", "p0", "p1"))).cpu()
                for batch in pictures
            ]
        return torch.cat(parts)

    def is_better(self, scores: dict[str, float], best: float | None) -> bool:
        score = scores.get(self.select)
        if best is None or score is None:
            return True
        return score > best if self.select == "agreement" else score < best

    def save(self, folder: RunFolder, scores: dict[str, float], before: dict[str, float]) -> None:
        backbone = self.learner.distance.backbone
        about = {
            "recipe": self.recipe.model_dump(mode="json"),
            "step": self.step,
            "scores": scores,
            "before": before,
        }
        learned = self.recipe.kind != "lin"
        save_learned_lpips(
            folder.metric,
            backbone=backbone.network,
            layers=backbone.layers,
            weights=list(self.learner.distance.weights),
            mean=backbone.mean.flatten().tolist(),
            std=backbone.std.flatten().tolist(),
            trunk=backbone.trunk.state_dict() if learned else None,
            trunk_file=None if learned else backbone.weights,
            about=about,
        )

    def state(self) -> dict[str, Any]:
        return {**self.learner.state(), "learns_from": self.learns_from}

    def resume(self, begun: Mapping[str, Any], state: dict[str, Any]) -> None:
        check_changes(begun, self.recipe, FREE)
        if state["learns_from"] != self.learns_from:
            raise UsageError(
                f"{self.recipe.data.train}: holds other triplets, or the network has other weights, than when the run was "
                "broken off; go on with the same ones, or begin another run."
            )
        self.learner.resume(state)


def _build(recipe: MetricRecipe, train: JudgementSet) -> LayeredDistance:
    backbone = build_trunk(recipe)
    last = find_channels_last(backbone, smallest_square(backbone.trunk))
    with torch.inference_mode():
        features = backbone(train.pictures(0)[0][None])
    channels = [features[layer].shape[-1 if layer in last else 1] for layer in backbone.layers]
    return LayeredDistance(backbone, channels, channels_last=last, dropout=recipe.dropout)
