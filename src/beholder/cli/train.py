"""`beholder train`: a recipe and photographs into a network."""

from __future__ import annotations

import contextlib
import shlex
import signal
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from beholder.cli.console import print_out, print_wide, progress_bar, say
from beholder.spec import MissingPackageError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.progress import Progress as Bar
    from rich.progress import TaskID

    from beholder.training.folder import RunFolder
    from beholder.training.recipe import Recipe
    from beholder.training.run import Progress

__all__ = ["recipes", "train"]


def train(
    recipe: Annotated[
        str | None, typer.Argument(help="A .yaml file, or one of `beholder recipes`; not with --resume.")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Argument(help="KEY=VALUE, in place of the recipe's: data.train=photographs/")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Folder of the run, made for it.")
    ] = None,
    resume: Annotated[Path | None, typer.Option(help="Folder of a run to go on with.")] = None,
    devices: Annotated[
        int, typer.Option(min=1, help="Processes on each node, each with a device of its own.")
    ] = 1,
    nodes: Annotated[int, typer.Option(min=1, help="Machines, on each of which the command runs.")] = 1,
    accelerator: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No progress bar.")] = False,
) -> None:
    """Train a network by a recipe.

    The folder holds the recipe with every setting, the best model, the last checkpoint, logs, and pictures of each
    validation. A run that was broken off, by whatever, goes on from its last checkpoint as if it had not been.

    Exit code: 0 done, 2 the run cannot begin or go on, 130 interrupted: after the first Ctrl-C a checkpoint is saved.

    Examples:
        beholder train deblock data.train=photographs/ -o runs/deblock

        beholder train mine.yaml steps=500 optimiser.rate=2e-4 -o runs/try

        beholder train --resume runs/deblock
    """
    _require("lightning_fabric", "pydantic", "tensorboard", "yaml")
    from beholder.cli.weights import fetch_missing
    from beholder.training.folder import RunFolder

    chosen, folder = _choose(recipe, settings or [], output, resume)
    if chosen.schedule.warmup >= chosen.steps:
        say(
            f"note: schedule.warmup is {chosen.schedule.warmup}: the rate still rises when the {chosen.steps} steps end"
        )
    fetch_missing(chosen.validation.metrics, chosen.loss.terms.values())

    # These take seconds to load: after what can be refused.
    from beholder.training.processes import is_first_process
    from beholder.training.run import train as run

    first = is_first_process()  # of several processes, one tells
    interrupted = True
    with contextlib.suppress(KeyboardInterrupt), progress_bar("steps", quiet=quiet or not first) as bar:
        steps = _Steps(bar, chosen)
        with _listen(bar, tell=first) as pressed:
            run(
                chosen,
                folder,
                resume=resume is not None,
                devices=devices,
                nodes=nodes,
                accelerator=accelerator,
                tell=steps.tell,
                tell_decoding=_tell_decoding(bar),
                stop=pressed,
            )
        interrupted = pressed()
    if first:
        _tell_end(RunFolder(folder), interrupted=interrupted, taken=steps.task is not None)
    if interrupted:
        raise typer.Exit(130)


def recipes() -> None:
    """List the recipes that come with Beholder: name and what comes out.

    Example:
        beholder recipes
    """
    _require("yaml")
    import yaml
    from rich.table import Table

    from beholder.training.shipped import shipped_recipes

    table = Table("name", "network", "steps", "what comes out")
    for name, path in shipped_recipes().items():
        told = yaml.safe_load(path.read_text(encoding="utf-8"))
        table.add_row(name, told["network"], str(told["steps"]), told["title"])
    print_wide(table)
    print_out("Each wants photographs: beholder train NAME data.train=FOLDER -o runs/NAME")


def _choose(
    recipe: str | None, settings: list[str], output: Path | None, resume: Path | None
) -> tuple[Recipe, Path]:
    """The recipe to follow, and the run's folder."""
    from beholder.training.folder import RunFolder
    from beholder.training.reading import read_recipe
    from beholder.training.shipped import find_recipe

    if resume is None:
        if recipe is None or output is None:
            raise UsageError(
                "name a RECIPE and its folder, -o FOLDER; `beholder recipes` lists those there are."
            )
        RunFolder(output).check_new()
        return read_recipe(find_recipe(recipe), settings), output
    if recipe is not None or output is not None:
        given = shlex.join([recipe, *settings]) if recipe is not None else f"--output {output}"
        raise UsageError(
            f"--resume takes recipe, settings and folder from the run; leave out {given}. Settings can be changed in "
            f"{RunFolder(resume).recipe}."
        )
    return RunFolder(resume).read_recipe(), resume


def _require(*modules: str) -> None:
    missing = [module for module in modules if find_spec(module) is None]
    if missing:
        raise MissingPackageError(
            f"training needs the packages {', '.join(missing)}: pip install 'beholder[train]'"
        )


def _tell_end(run: RunFolder, *, interrupted: bool, taken: bool) -> None:
    if interrupted:
        on = f"beholder train --resume {shlex.quote(str(run.path))}"
        say(f"interrupted; go on with: {on}" if run.recipe.is_file() else "interrupted before the first step")
    elif not taken:
        say(f"{run.path}: the run had ended; no step was left to take")
    elif run.model.is_file():
        say(f"wrote {run.model}")


class _Steps:
    """A bar of the steps, from the first one on that is taken; scores above it."""

    def __init__(self, bar: Bar, recipe: Recipe) -> None:
        self.bar = bar
        self.total = recipe.steps
        self.task: TaskID | None = None

    def tell(self, progress: Progress) -> None:
        if progress.scores is not None:
            scores = ", ".join(f"{name} {score:.4f}" for name, score in progress.scores.items())
            self.bar.console.print(
                f"step {progress.step}: {scores}" if progress.step else f"unrestored: {scores}"
            )
        if not progress.step:
            return
        if self.task is None:  # a resumed run is no faster for the steps before
            self.task = self.bar.add_task(
                "training", total=self.total, completed=progress.step - 1, failed=""
            )
        self.bar.update(self.task, completed=progress.step, failed=f"loss {progress.log['total']:.4g}")


def _tell_decoding(bar: Bar) -> Callable[[int, int], None]:
    def tell(done: int, total: int) -> None:
        if done == 1:
            bar.add_task("decoding", total=total, failed="", unit="pictures")
        bar.update(bar.task_ids[-1], completed=done)

    return tell


@contextlib.contextmanager
def _listen(bar: Bar, *, tell: bool) -> Iterator[Callable[[], bool]]:
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
