"""A restoration network's training run, from its recipe to a model."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import torch

from beholder.training.changes import check_changes
from beholder.training.folder import RunFolder
from beholder.training.learner import Learner
from beholder.training.loop import follow
from beholder.training.model_file import save_model
from beholder.training.pairs import open_pairs
from beholder.training.processes import plan_processes
from beholder.training.shipped import find_model
from beholder.training.task import Pace, Progress
from beholder.training.validating import Enlarger, Validator

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from lightning_fabric import Fabric

    from beholder.training.recipe import Recipe

__all__ = ["FREE", "Progress", "train"]
FREE = (
    *("title", "start_from", "steps", "schedule", "validation", "checkpoint"),
    *("data.train", "data.validation", "data.workers", "loss.weights", "loss.against"),
    *("optimiser.rate", "optimiser.clip"),
)
"""What of a recipe may change while a run is broken off."""


def train(
    recipe: Recipe,
    folder: Path,
    *,
    resume: bool = False,
    devices: int = 1,
    nodes: int = 1,
    accelerator: str = "auto",
    tell: Callable[[Progress], object] | None = None,
    tell_decoding: Callable[[int, int], object] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Path:
    """Train a network by a recipe.

    Every drawn number is a function of the recipe's seed and the step, so that a run that was broken off goes on from its
    last checkpoint as if it had not been, and several processes see together what one would; what a loss draws, such as
    places of features, each draws for its own part of the batch.

    Args:
        recipe: What the run is made of.
        folder: Where it is kept, see `RunFolder`.
        resume: Go on with the run that is there.
        devices: Processes on each node, each with a device of its own; they split each batch.
        nodes: Machines. Each calls this, with the folder on a disk that all see; which is which they learn from the
            environment, see `lightning_fabric`.
        accelerator: ``"auto"``, ``"cpu"`` or ``"cuda"``.
        tell: Called after every step, and before the first one of a new run.
        tell_decoding: Called with the number of pictures that are decoded, and of all, where they are opened for the
            first time.
        stop: Asked after every step; true saves a checkpoint and ends the run.

    Returns:
        The model's file: the best network by the validation. A run that is stopped before the first one leaves none.

    Raises:
        UsageError: If the recipe cannot be followed, or the folder holds a run and ``resume`` is false, or none and
            it is true, or another process is at it.
        TrainingError: If the loss or a weight is no number, or nothing more can be written.
        PictureError: If there are no pictures, or they cannot be read.
        WeightsError: If weights of a loss or metric are missing.
    """
    fabric = plan_processes(
        recipe.batch, recipe.precision, devices=devices, nodes=nodes, accelerator=accelerator
    )
    runs = RunFolder(folder)
    if not resume:
        runs.check_apart(recipe.data.train, recipe.data.validation)
    # A network may overshoot far in training, and more so against a discriminator.
    warnings.filterwarnings("ignore", message="x holds values")
    follow(
        lambda: _Restoration(recipe, fabric, tell_decoding),
        runs,
        fabric,
        resume=resume,
        tell=tell,
        stop=stop,
    )
    return runs.model


class _Restoration:
    """The `Task` of learning to restore pictures."""

    def __init__(
        self, recipe: Recipe, fabric: Fabric, tell_decoding: Callable[[int, int], object] | None
    ) -> None:
        self.recipe = recipe
        self.pace = Pace(
            steps=recipe.steps,
            batch=recipe.batch,
            every=recipe.validation.every,
            patience=recipe.validation.patience,
            checkpoint=recipe.checkpoint,
            workers=recipe.data.workers,
            seed=recipe.seed,
        )
        self.select = recipe.validation.select
        self.measured = set(recipe.validation.metrics)
        torch.manual_seed(recipe.seed)
        self.learner = Learner(recipe, fabric)
        self.validator = Validator(recipe.validation, fabric.device)
        self.items, self.pictures = open_pairs(recipe, self.learner.plain.scale, tell_decoding)
        self.learn = self.learner.learn
        self.state = self.learner.state
        self.is_better = self.validator.is_better

    @property
    def step(self) -> int:
        return self.learner.step

    @property
    def is_finite(self) -> bool:
        return self.learner.is_finite

    def begin(self) -> None:
        if self.recipe.start_from is not None:
            self.learner.start_from(find_model(self.recipe.start_from))

    def score_before(self) -> dict[str, float]:
        return self.validator.score(Enlarger(self.learner.plain.scale), self.pictures)

    def validate(self, grid: Path | None) -> dict[str, float]:
        return self.validator.score(self.learner.best_guess, self.pictures, grid)

    def save(self, folder: RunFolder, scores: dict[str, float], before: dict[str, float]) -> None:
        save_model(
            self.learner.best_guess,
            self.recipe,
            folder.model,
            step=self.step,
            scores=scores,
            before=before,
        )

    def resume(self, begun: Mapping[str, Any], state: dict[str, Any]) -> None:
        check_changes(begun, self.recipe, FREE)
        self.learner.resume(state)
