"""Steps, validations and checkpoints of a run, whatever is learned in it."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING, Any

import torch
from torch.utils.data import DataLoader

from beholder.data.drawing import seed_of
from beholder.ops.allocator import keep_freed_memory
from beholder.spec import TrainingError
from beholder.training.events import Events
from beholder.training.order import Order
from beholder.training.processes import is_first_process
from beholder.training.task import Progress

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightning_fabric import Fabric

    from beholder.training.folder import RunFolder
    from beholder.training.task import Task

__all__ = ["follow", "leave_interrupts"]

_LOG_EVERY = 50


def follow(
    make: Callable[[], Task],
    folder: RunFolder,
    fabric: Fabric,
    *,
    resume: bool,
    tell: Callable[[Progress], object] | None = None,
    stop: Callable[[], bool] | None = None,
) -> None:
    """Start a run's processes, and follow a task to its end or until it is stopped.

    Every drawn number is a function of the seed and the step, so that a run that was broken off goes on from its last
    checkpoint as if it had not been, and several processes see together what one would.

    Args:
        make: Makes the task, in each process.
        folder: Where the run is kept.
        fabric: What starts the processes, see `plan_processes`.
        resume: Go on with the run that is there.
        tell: Called after every step, and before the first one of a new run; in one process.
        stop: Asked after every step; true saves a checkpoint and ends the run.

    Raises:
        UsageError: If the recipe cannot be followed, or the folder holds a run and ``resume`` is false, or none and
            it is true, or another process is at it.
        TrainingError: If the loss or a weight is no number, or nothing more can be written.
    """
    # Before there are processes, of which the others would wait for the one that refuses.
    if resume:
        folder.check_there()
    else:
        folder.check_new()
    if is_first_process():
        folder.claim()
    keep_freed_memory()
    try:
        fabric.launch()
        loop = _Loop(make, folder, fabric)
        tell = tell if fabric.is_global_zero else None
        loop.begin(tell, resume=resume)
        loop.go(tell, stop)
    finally:
        folder.release()


class _Loop:
    def __init__(self, make: Callable[[], Task], folder: RunFolder, fabric: Fabric) -> None:
        self.folder = folder
        self.fabric = fabric
        self.best: float | None = None
        self.before: dict[str, float] = {}
        self.waited = 0
        self.seconds = 0.0
        self.task = make()
        self.pace = self.task.pace

    def begin(self, tell: Callable[[Progress], object] | None, *, resume: bool) -> None:
        state = self.folder.load_checkpoint() if resume else None
        if state is not None:
            self._take_up(state)
        else:
            self.task.begin()
        known = bool(self.before)
        if not known:
            # before the folder holds a run: what cannot be validated leaves none
            self.before = self.task.score_before()
        done = -1 if state is None else self.task.step  # not even step 0, which tells of the input
        if self.fabric.is_global_zero:
            if resume:
                self.folder.forget_after(done)
            else:
                self.folder.begin(self.task.recipe)
        self.events = Events(self.folder.events, done)
        if not known:
            if (
                self.fabric.is_global_zero and state is None
            ):  # not behind later steps, for metrics that are new
                self._log_scores(0, self.before)
            if tell is not None:
                tell(Progress(0, self.pace.steps, {}, self.before, None))
        self.fabric.barrier()

    def _take_up(self, state: dict[str, Any]) -> None:
        begun = state["recipe"]
        self.task.resume(begun, state["learner"])
        self.seconds = state["seconds"]
        if self.task.select == begun["validation"]["select"]:
            self.best, self.waited = state["best"], state["waited"]
        if state["before"].keys() == self.task.measured:
            self.before = state["before"]

    def go(self, tell: Callable[[Progress], object] | None, stop: Callable[[], bool] | None) -> None:
        pace, task = self.pace, self.task
        order = Order(pace.steps, pace.batch, task.step, self.fabric.global_rank, self.fabric.world_size)
        loader = DataLoader(
            task.items,
            batch_sampler=order,
            num_workers=pace.workers,
            persistent_workers=False,
            prefetch_factor=4 if pace.workers else None,
            worker_init_fn=leave_interrupts,
        )
        started = time.perf_counter() - self.seconds
        for batch in () if self._waited_long() else loader:
            # What losses draw is drawn anew at each step: nothing random needs to be kept.
            torch.manual_seed(seed_of(f"{pace.seed}/{task.step}/{self.fabric.global_rank}"))
            placed = {name: tensor.to(self.fabric.device) for name, tensor in batch.items()}
            log = {name: value.item() for name, value in task.learn(placed).items()}
            self.seconds = time.perf_counter() - started
            scores = self._look(log)
            if tell is not None:
                tell(Progress(task.step, pace.steps, log, scores, self.best))
            if self._waited_long():
                break
            if stop is not None and self._any(stop()):
                self._save()
                break

    def _waited_long(self) -> bool:
        """Whether so many validations found nothing better that the run ends; one that is gone on with then stays ended."""
        patience = self.pace.patience
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
        step, last = self.task.step, self.task.step == self.pace.steps
        scores = None
        if self.fabric.is_global_zero and (step % _LOG_EVERY == 0 or last):
            row = {"step": step, "seconds": f"{self.seconds:.1f}", **_as_text(log)}
            self.folder.log(self.folder.steps, row)
            self.events.add_numbers(step, {f"train/{name}": value for name, value in log.items()})
        if step % self.pace.every == 0 or last:
            scores = self._validate()
        if step % self.pace.checkpoint == 0 or scores is not None:
            self._save()
        return scores

    def _validate(self) -> dict[str, float]:
        self._check_weights()
        step = self.task.step
        grid = self.folder.pictures / f"{step:07}.png" if self.fabric.is_global_zero else None
        scores = self.task.validate(grid)
        better = self.task.is_better(scores, self.best)
        self.waited = 0 if better else self.waited + 1
        if better:
            self.best = scores.get(self.task.select)
        if self.fabric.is_global_zero:
            self._log_scores(step, scores)
            if grid is not None and grid.is_file():
                self.events.add_picture(step, "validation", grid)
            if better:
                self.task.save(self.folder, scores, self.before)
        return scores

    def _log_scores(self, step: int, scores: dict[str, float]) -> None:
        self.folder.log(self.folder.validations, {"step": step, **_as_text(scores)})
        self.events.add_numbers(step, {f"validation/{name}": score for name, score in scores.items()})

    def _save(self) -> None:
        self._check_weights()
        if self.fabric.is_global_zero:
            self.folder.save_checkpoint(
                {
                    "recipe": self.task.recipe.model_dump(mode="json"),
                    "learner": self.task.state(),
                    "best": self.best,
                    "before": self.before,
                    "waited": self.waited,
                    "seconds": self.seconds,
                }
            )
        self.fabric.barrier()

    def _check_weights(self) -> None:
        """What is no number must not be saved over what is: the loss tells of it only a step later."""
        if not self.task.is_finite:
            raise TrainingError(
                f"a weight is no number after step {self.task.step}. What was saved last, if anything was, stands; lower "
                "optimiser.rate in the run's recipe.yaml and go on with --resume."
            )


def _as_text(numbers: dict[str, float]) -> dict[str, str]:
    return {name: f"{number:.6g}" for name, number in numbers.items()}


def leave_interrupts(_worker: int) -> None:
    """Ctrl-C goes to all processes of a terminal; the workers are ended by the one that they work for."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
