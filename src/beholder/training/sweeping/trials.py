"""The trials of a sweep, one after another, in one of the processes that share it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beholder.spec import BeholderError
from beholder.training.model_file import read_about
from beholder.training.run import train
from beholder.training.sweeping.front import beats
from beholder.training.sweeping.ledger import open_ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from beholder.training.sweeping.ledger import Ledger
    from beholder.training.sweeping.plan import Sweep
    from beholder.training.task import Progress

__all__ = ["sweep"]

_ENOUGH = 3  # trials that must beat one before it is pruned: one alone may be luck
_EARLIEST = 3  # of the steps, a third must be done before
_FAILURES = 3  # in a row, behind which no other is expected to do better


def sweep(
    plan: Sweep,
    folder: Path,
    address: str,
    *,
    tell: Callable[[int, tuple[str, ...], Progress], object] | None = None,
    tell_end: Callable[[int, str, Ledger], object] | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Ledger:
    """Carry out trials until all have ended or are under way in other processes.

    What a process that was killed leaves is gone on with from the last checkpoint, by the next one that is started on
    the same folder.

    Args:
        plan: The sweep.
        folder: Where this process keeps its trials: ``trials/NNNN``, each a training run's folder.
        address: Its storage, see `open_ledger`.
        tell: Called with a trial's number, its settings and its progress, after each of its steps.
        tell_end: Called with a trial's number, with how it ended, and with all trials.
        stop: Asked after every step; true saves a checkpoint and returns.

    Returns:
        All trials.

    Raises:
        UsageError: If a setting is impossible, or the storage cannot be used.
        BeholderError: If three trials fail one after another: the third one's error.
    """
    plan.check()
    ledger = open_ledger(plan, folder, address)
    failures = 0
    while not stop() and (found := ledger.next()) is not None:
        number, settings = found
        try:
            how = _carry_out(plan, ledger, number, settings, tell, stop)
            failures = 0
        except BeholderError as error:
            ledger.end(number, failed=str(error))
            failures += 1
            if failures == _FAILURES:
                raise
            how = f"failed: {error}"
        finally:
            ledger.leave()
        if tell_end is not None and how:
            tell_end(number, how, ledger)
    return ledger


def _carry_out(
    plan: Sweep,
    ledger: Ledger,
    number: int,
    settings: tuple[str, ...],
    tell: Callable[[int, tuple[str, ...], Progress], object] | None,
    stop: Callable[[], bool],
) -> str:
    """Train one, or go on with it, and write down how it ended; in words, empty where it was interrupted."""
    run = ledger.run_of(number)
    recipe = plan.of(settings)
    is_beaten = False

    def watch(progress: Progress) -> None:
        nonlocal is_beaten
        if progress.scores is not None and progress.step:
            ledger.note(number, progress.step, progress.scores)
            scores = [progress.scores[name] for name in plan.objectives]
            early = recipe.steps / _EARLIEST <= progress.step < recipe.steps
            is_beaten = (
                plan.prune and early and _beaten(plan, scores, ledger.at_step(progress.step, but=number))
            )
        if tell is not None:
            tell(number, settings, progress)

    begun = run.recipe.is_file()
    train(recipe, run.path, resume=begun, tell=watch, stop=lambda: is_beaten or stop())
    told = read_about(run.model) if run.model.is_file() else None
    if told is not None and told["step"] == recipe.steps:
        scores = [told["scores"][name] for name in plan.objectives]
        ledger.end(number, scores)
        return "done"
    if not is_beaten:
        return ""
    ledger.end(number)
    return "pruned"


def _beaten(plan: Sweep, scores: Sequence[float], others: Sequence[Sequence[float]]) -> bool:
    """Whether enough of the other trials beat it after as many steps."""
    return sum(beats(other, scores, plan.axes) for other in others) >= _ENOUGH
