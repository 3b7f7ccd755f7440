"""A training run, from its recipe to a model."""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING, Any

import torch
from lightning_fabric import Fabric
from torch.utils.data import DataLoader

from beholder.spec import UsageError
from beholder.training.folder import RunFolder
from beholder.training.learner import Learner
from beholder.training.model_file import save_model
from beholder.training.order import Order
from beholder.training.pairs import open_pairs
from beholder.training.shipped import find_model
from beholder.training.validating import Validator

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from beholder.training.recipe import Recipe

__all__ = ["Progress", "train"]

_LOG_EVERY = 50


@dataclasses.dataclass(frozen=True)
class Progress:
    """How far a run is.

    Attributes:
        step: Steps that are done.
        steps: Steps of the whole run.
        log: What was logged of the last step.
        scores: Those of the validation that has just been done, if one has.
        best: The best score so far.
    """

    step: int
    steps: int
    log: dict[str, float]
    scores: dict[str, float] | None
    best: float | None


def train(
    recipe: Recipe,
    folder: Path,
    *,
    resume: bool = False,
    devices: int = 1,
    accelerator: str = "auto",
    tell: Callable[[Progress], object] | None = None,
) -> Path:
    """Train a network by a recipe.

    Every drawn number is a function of the recipe's seed and the step, so that a run that was broken off goes on from its
    last checkpoint as if it had not been, and several processes see together what one would.

    Args:
        recipe: What the run is made of.
        folder: Where it is kept, see `RunFolder`.
        resume: Go on with the run that is there.
        devices: Processes, each with a device of its own; they split each batch.
        accelerator: ``"auto"``, ``"cpu"`` or ``"cuda"``.
        tell: Called after every step.

    Returns:
        The model's file: the best network by the validation.

    Raises:
        UsageError: If the recipe cannot be followed, or the folder holds a run and ``resume`` is false, or none and
            it is true.
        TrainingError: If the loss is no number, or nothing more can be written.
        PictureError: If there are no pictures, or they cannot be read.
        WeightsError: If weights of a loss or metric are missing.
    """
    if recipe.batch % devices:
        raise UsageError(f"batch is {recipe.batch}; expected a multiple of the {devices} devices.")
    precision: Any = "bf16-mixed" if recipe.precision == "bfloat16" else "32-true"
    fabric = Fabric(
        accelerator=accelerator,
        devices=devices,
        strategy="ddp" if devices > 1 else "auto",
        precision=precision,
    )
    fabric.launch()
    run = _Run(recipe, RunFolder(folder), fabric, tell)
    run.begin(resume=resume)
    run.go()
    return run.folder.model


class _Run:
    def __init__(
        self, recipe: Recipe, folder: RunFolder, fabric: Fabric, tell: Callable[[Progress], object] | None
    ) -> None:
        self.recipe = recipe
        self.folder = folder
        self.fabric = fabric
        self.tell = tell
        self.best: float | None = None
        self.waited = 0
        torch.manual_seed(recipe.seed)
        self.learner = Learner(recipe, fabric)
        self.validator = Validator(recipe.validation, fabric.device)
        self.patches, self.pictures = open_pairs(recipe, self.learner.plain.scale)

    def begin(self, *, resume: bool) -> None:
        if resume and (state := self.folder.load_checkpoint()) is not None:
            self.learner.resume(state["learner"])
            self.best, self.waited = state["best"], state["waited"]
        elif self.recipe.start_from is not None:
            self.learner.start_from(find_model(self.recipe.start_from))
        if self.fabric.is_global_zero:
            if resume:
                self.folder.forget_after(self.learner.step)
            else:
                self.folder.begin(self.recipe)
        self.fabric.barrier()

    def go(self) -> None:
        recipe, learner = self.recipe, self.learner
        order = Order(
            recipe.steps, recipe.batch, learner.step, self.fabric.global_rank, self.fabric.world_size
        )
        loader = DataLoader(
            self.patches,
            batch_sampler=order,
            num_workers=recipe.data.workers,
            persistent_workers=False,
            prefetch_factor=4 if recipe.data.workers else None,
        )
        started = time.perf_counter()
        for batch in loader:
            # What losses draw is drawn anew at each step: nothing random needs to be kept.
            torch.manual_seed((recipe.seed << 32) + (learner.step << 8) + self.fabric.global_rank)
            x, y = (batch[side].to(self.fabric.device) for side in ("x", "y"))
            log = {name: value.item() for name, value in learner.learn(x, y).items()}
            scores = self._look(log, time.perf_counter() - started)
            if self.tell is not None and self.fabric.is_global_zero:
                self.tell(Progress(learner.step, recipe.steps, log, scores, self.best))
            if recipe.validation.patience and self.waited >= recipe.validation.patience:
                break
        self._save()

    def _look(self, log: dict[str, float], seconds: float) -> dict[str, float] | None:
        """Log, validate and save, each when it is due."""
        step, last = self.learner.step, self.learner.step == self.recipe.steps
        scores = None
        if self.fabric.is_global_zero and (step % _LOG_EVERY == 0 or last):
            row = {"step": step, "seconds": f"{seconds:.1f}", **{k: f"{v:.6g}" for k, v in log.items()}}
            self.folder.log(self.folder.steps, row)
        if step % self.recipe.validation.every == 0 or last:
            scores = self._validate()
        if step % self.recipe.checkpoint == 0 or scores is not None:
            self._save()
        return scores

    def _validate(self) -> dict[str, float]:
        step = self.learner.step
        grid = self.folder.pictures / f"{step:07}.png" if self.fabric.is_global_zero else None
        scores = self.validator.score(self.learner.best_guess, self.pictures, grid)
        better = self.validator.is_better(scores, self.best)
        self.waited = 0 if better else self.waited + 1
        if better:
            self.best = scores.get(self.recipe.validation.select)
        if self.fabric.is_global_zero:
            self.folder.log(
                self.folder.validations, {"step": step, **{k: f"{v:.6g}" for k, v in scores.items()}}
            )
            if better:
                save_model(self.learner.best_guess, self.recipe, self.folder.model, step=step, scores=scores)
        return scores

    def _save(self) -> None:
        if self.fabric.is_global_zero:
            self.folder.save_checkpoint(
                {"learner": self.learner.state(), "best": self.best, "waited": self.waited}
            )
        self.fabric.barrier()
