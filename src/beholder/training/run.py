"""A training run, from its recipe to a model."""

from __future__ import annotations

import dataclasses
import signal
import time
import warnings
from typing import TYPE_CHECKING, Any

import torch
from torch.utils.data import DataLoader

from beholder.data.drawing import seed_of
from beholder.ops.allocator import keep_freed_memory
from beholder.spec import TrainingError
from beholder.training.changes import check_changes
from beholder.training.events import Events
from beholder.training.folder import RunFolder
from beholder.training.learner import Learner
from beholder.training.model_file import save_model
from beholder.training.order import Order
from beholder.training.pairs import open_pairs
from beholder.training.processes import is_first_process, plan_processes
from beholder.training.shipped import find_model
from beholder.training.validating import Enlarger, Validator

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lightning_fabric import Fabric

    from beholder.training.recipe import Recipe

__all__ = ["Progress", "train"]

_LOG_EVERY = 50


@dataclasses.dataclass(frozen=True)
class Progress:
    """How far a run is.

    Attributes:
        step: Steps that are done. A new run begins by telling of step 0, whose scores are those of the degraded pictures.
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
    fabric = plan_processes(recipe, devices=devices, nodes=nodes, accelerator=accelerator)
    runs = RunFolder(folder)
    # Before there are processes, of which the others would wait for the one that refuses.
    if resume:
        runs.check_there()
    else:
        runs.check_new()
        runs.check_apart(recipe.data.train, recipe.data.validation)
    if is_first_process():
        runs.claim()
    keep_freed_memory()
    # A network may overshoot far in training, and more so against a discriminator.
    warnings.filterwarnings("ignore", message="x holds values")
    try:
        fabric.launch()
        run = _Run(recipe, runs, fabric, tell_decoding)
        tell = tell if fabric.is_global_zero else None
        run.begin(tell, resume=resume)
        run.go(tell, stop)
    finally:
        runs.release()
    return runs.model


class _Run:
    def __init__(
        self,
        recipe: Recipe,
        folder: RunFolder,
        fabric: Fabric,
        tell_decoding: Callable[[int, int], object] | None,
    ) -> None:
        self.recipe = recipe
        self.folder = folder
        self.fabric = fabric
        self.best: float | None = None
        self.before: dict[str, float] = {}
        self.waited = 0
        self.seconds = 0.0
        torch.manual_seed(recipe.seed)
        self.learner = Learner(recipe, fabric)
        self.validator = Validator(recipe.validation, fabric.device)
        self.patches, self.pictures = open_pairs(recipe, self.learner.plain.scale, tell_decoding)

    def begin(self, tell: Callable[[Progress], object] | None, *, resume: bool) -> None:
        state = self.folder.load_checkpoint() if resume else None
        if state is not None:
            self._take_up(state)
        elif self.recipe.start_from is not None:
            self.learner.start_from(find_model(self.recipe.start_from))
        known = bool(self.before)
        if not known:
            # before the folder holds a run: what cannot be validated leaves none
            self.before = self.validator.score(Enlarger(self.learner.plain.scale), self.pictures)
        done = -1 if state is None else self.learner.step  # not even step 0, which tells of the input
        if self.fabric.is_global_zero:
            if resume:
                self.folder.forget_after(done)
            else:
                self.folder.begin(self.recipe)
        self.events = Events(self.folder.events, done)
        if not known:
            if (
                self.fabric.is_global_zero and state is None
            ):  # not behind later steps, for metrics that are new
                self._log_scores(0, self.before)
            if tell is not None:
                tell(Progress(0, self.recipe.steps, {}, self.before, None))
        self.fabric.barrier()

    def _take_up(self, state: dict[str, Any]) -> None:
        check_changes(state["recipe"], self.recipe)
        self.learner.resume(state["learner"])
        self.seconds = state["seconds"]
        validation = self.recipe.validation
        if validation.select == state["recipe"]["validation"]["select"]:
            self.best, self.waited = state["best"], state["waited"]
        if state["before"].keys() == set(validation.metrics):
            self.before = state["before"]

    def go(self, tell: Callable[[Progress], object] | None, stop: Callable[[], bool] | None) -> None:
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
            worker_init_fn=_leave_interrupts,
        )
        started = time.perf_counter() - self.seconds
        for batch in () if self._waited_long() else loader:
            # What losses draw is drawn anew at each step: nothing random needs to be kept.
            torch.manual_seed(seed_of(f"{recipe.seed}/{learner.step}/{self.fabric.global_rank}"))
            x, y = (batch[side].to(self.fabric.device) for side in ("x", "y"))
            log = {name: value.item() for name, value in learner.learn(x, y).items()}
            self.seconds = time.perf_counter() - started
            scores = self._look(log)
            if tell is not None:
                tell(Progress(learner.step, recipe.steps, log, scores, self.best))
            if self._waited_long():
                break
            if stop is not None and self._any(stop()):
                self._save()
                break

    def _waited_long(self) -> bool:
        """Whether so many validations found nothing better that the run ends; one that is gone on with then stays ended."""
        patience = self.recipe.validation.patience
        return 0 < patience <= self.waited

    def _any(self, told: bool) -> bool:  # noqa: FBT001 -- what it asks about
        """Whether it is so in any process: they must leave the loop together."""
        return (
            told
            if self.fabric.world_size == 1
            else bool(self.fabric.all_reduce(torch.tensor(float(told), device=self.fabric.device)))
        )

    def _look(self, log: dict[str, float]) -> dict[str, float] | None:
        """Log, validate and save, each when it is due."""
        step, last = self.learner.step, self.learner.step == self.recipe.steps
        scores = None
        if self.fabric.is_global_zero and (step % _LOG_EVERY == 0 or last):
            row = {"step": step, "seconds": f"{self.seconds:.1f}", **_as_text(log)}
            self.folder.log(self.folder.steps, row)
            self.events.add_numbers(step, {f"train/{name}": value for name, value in log.items()})
        if step % self.recipe.validation.every == 0 or last:
            scores = self._validate()
        if step % self.recipe.checkpoint == 0 or scores is not None:
            self._save()
        return scores

    def _validate(self) -> dict[str, float]:
        self._check_weights()
        step = self.learner.step
        grid = self.folder.pictures / f"{step:07}.png" if self.fabric.is_global_zero else None
        scores = self.validator.score(self.learner.best_guess, self.pictures, grid)
        better = self.validator.is_better(scores, self.best)
        self.waited = 0 if better else self.waited + 1
        if better:
            self.best = scores.get(self.recipe.validation.select)
        if self.fabric.is_global_zero:
            self._log_scores(step, scores)
            if grid is not None and grid.is_file():
                self.events.add_picture(step, "validation", grid)
            if better:
                save_model(
                    self.learner.best_guess,
                    self.recipe,
                    self.folder.model,
                    step=step,
                    scores=scores,
                    before=self.before,
                )
        return scores

    def _log_scores(self, step: int, scores: dict[str, float]) -> None:
        self.folder.log(self.folder.validations, {"step": step, **_as_text(scores)})
        self.events.add_numbers(step, {f"validation/{name}": score for name, score in scores.items()})

    def _save(self) -> None:
        self._check_weights()
        if self.fabric.is_global_zero:
            self.folder.save_checkpoint(
                {
                    "recipe": self.recipe.model_dump(mode="json"),
                    "learner": self.learner.state(),
                    "best": self.best,
                    "before": self.before,
                    "waited": self.waited,
                    "seconds": self.seconds,
                }
            )
        self.fabric.barrier()

    def _check_weights(self) -> None:
        """What is no number must not be saved over what is: the loss tells of it only a step later."""
        if not self.learner.is_finite:
            raise TrainingError(
                f"a weight is no number after step {self.learner.step}. What was saved last, if anything was, stands; lower "
                "optimiser.rate in the run's recipe.yaml and go on with --resume."
            )


def _as_text(numbers: dict[str, float]) -> dict[str, str]:
    return {name: f"{number:.6g}" for name, number in numbers.items()}


def _leave_interrupts(_worker: int) -> None:
    """Ctrl-C goes to all processes of a terminal; the workers are ended by the one that they work for."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
