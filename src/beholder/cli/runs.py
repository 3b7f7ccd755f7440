"""What the commands share that learn in runs: which run, Ctrl-C, the bar."""

from __future__ import annotations

import contextlib
import shlex
import signal
from importlib.util import find_spec
from typing import TYPE_CHECKING, TypeVar

import typer

from beholder.cli.console import progress_bar, say
from beholder.spec import MissingPackageError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from rich.progress import Progress as Bar
    from rich.progress import TaskID

    from beholder.settings import Settings
    from beholder.training.folder import RunFolder
    from beholder.training.task import Progress

__all__ = ["carry_out", "choose_run", "listen", "require", "tell_passing"]

_Recipe = TypeVar("_Recipe", bound="Settings")


def choose_run(
    kind: type[_Recipe],
    find: Callable[[str], Path],
    *,
    recipe: str | None,
    settings: list[str],
    output: Path | None,
    resume: Path | None,
) -> tuple[_Recipe, RunFolder]:
    """The recipe to follow, and the run's folder.

    Args:
        kind: What the recipe is of.
        find: The file of a recipe that comes with the package, or of the user's.
        recipe: What was named.
        settings: KEY=VALUE, in place of the recipe's.
        output: A new folder.
        resume: Or one with a run to go on with.

    Raises:
        UsageError: If they do not go together, or the recipe cannot be read.
    """
    from beholder.settings import read_settings
    from beholder.training.folder import RunFolder

    if resume is None:
        if recipe is None or output is None:
            raise UsageError(
                "name a RECIPE and its folder, -o FOLDER; `beholder recipes` lists those there are."
            )
        run = RunFolder(output)
        run.check_new()
        return read_settings(find(recipe), settings, kind=kind), run
    run = RunFolder(resume)
    if recipe is not None or output is not None:
        given = shlex.join([recipe, *settings]) if recipe is not None else f"--output {output}"
        raise UsageError(
            f"--resume takes recipe, settings and folder from the run; leave out {given}. Settings can be changed in "
            f"{run.recipe}."
        )
    run.check_there()
    return read_settings(run.recipe, kind=kind), run


def require(*modules: str) -> None:
    """Refuse to go on without packages.

    Raises:
        MissingPackageError: If one is not installed.
    """
    missing = [module for module in modules if find_spec(module) is None]
    if missing:
        raise MissingPackageError(
            f"training needs the packages {', '.join(missing)}: pip install 'beholder[train]'"
        )


def carry_out(
    start: Callable[[Bar, Callable[[Progress], None], Callable[[], bool]], object],
    run: RunFolder,
    result: Path,
    *,
    command: str,
    before: str,
    quiet: bool,
) -> None:
    """Follow a run with a bar, heed Ctrl-C, and tell how it ended; of several processes, in the first.

    Args:
        start: Starts it; called with the bar, with what wants to hear of each step, and with what tells to stop.
        run: The run.
        result: The file that comes out of it.
        command: What follows it, to go on with.
        before: What the scores before any learning are called.
        quiet: Without a bar.

    Raises:
        Exit: With code 130, if it was interrupted.
    """
    from beholder.training.processes import is_first_process

    first = is_first_process()
    interrupted = True
    with contextlib.suppress(KeyboardInterrupt), progress_bar("steps", quiet=quiet or not first) as bar:
        steps = _Steps(bar, before)
        with listen(bar, tell=first) as pressed:
            start(bar, steps.tell, pressed)
        interrupted = pressed()
    if first:
        _tell_end(run, result, command, interrupted=interrupted, taken=steps.task is not None)
    if interrupted:
        raise typer.Exit(130)


def _tell_end(run: RunFolder, result: Path, command: str, *, interrupted: bool, taken: bool) -> None:
    if interrupted:
        on = f"{command} --resume {shlex.quote(str(run.path))}"
        say(f"interrupted; go on with: {on}" if run.recipe.is_file() else "interrupted before the first step")
    elif not taken:
        say(f"{run.path}: the run had ended; no step was left to take")
    elif result.is_file():
        say(f"wrote {result}")


class _Steps:
    """A bar of the steps, from the first one on that is taken; scores above it."""

    def __init__(self, bar: Bar, before: str) -> None:
        self.bar = bar
        self.before = before
        self.task: TaskID | None = None

    def tell(self, progress: Progress) -> None:
        if progress.scores is not None:
            scores = ", ".join(f"{name} {score:.4f}" for name, score in progress.scores.items())
            self.bar.console.print(
                f"step {progress.step}: {scores}" if progress.step else f"{self.before}: {scores}"
            )
        if not progress.step:
            return
        if self.task is None:  # a resumed run is no faster for the steps before
            self.task = self.bar.add_task(
                "training", total=progress.steps, completed=progress.step - 1, failed=""
            )
        self.bar.update(self.task, completed=progress.step, failed=f"loss {progress.log['total']:.4g}")


def tell_passing(bar: Bar, what: str, unit: str) -> Callable[[int, int], None]:
    """What shows how many of something have gone by before the first step; a bar for each time that it begins anew."""
    last = 0

    def tell(done: int, total: int) -> None:
        nonlocal last
        if not bar.task_ids or done < last:
            bar.add_task(what, total=total, failed="", unit=unit)
        last = done
        bar.update(bar.task_ids[-1], completed=done)

    return tell


@contextlib.contextmanager
def listen(bar: Bar, *, tell: bool) -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C was pressed; the second one ends at once."""
    pressed = False

    def press(_signal: int, _frame: object) -> None:
        nonlocal pressed
        pressed = True
        signal.signal(signal.SIGINT, before)
        if tell:
            bar.console.print("stopping after this step; Ctrl-C again stops at once, without a checkpoint")

    before = signal.signal(signal.SIGINT, press)
    try:
        yield lambda: pressed
    finally:
        signal.signal(signal.SIGINT, before)
