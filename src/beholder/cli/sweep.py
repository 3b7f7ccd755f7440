"""`beholder sweep`: many runs of a recipe, and which weights to take."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from beholder.cli.completion import complete_metrics, complete_recipes
from beholder.cli.console import progress_bar, say
from beholder.cli.runs import listen, require
from beholder.cli.sweep_outcome import tell_sweep, write_sweep
from beholder.spec import UsageError

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

    from beholder.training.sweeping.ledger import Ledger
    from beholder.training.sweeping.plan import Sweep
    from beholder.training.task import Progress

__all__ = ["read_sweep", "sweep"]

_PLAN = "sweep.yaml"


def sweep(
    recipe: Annotated[
        str | None,
        typer.Argument(
            help="A .yaml file, or one of `beholder recipes`; not with --resume.",
            autocompletion=complete_recipes,
        ),
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Argument(help="KEY=VALUE, in place of the recipe's, in all trials.")
    ] = None,
    over: Annotated[
        list[str] | None,
        typer.Option(
            help="What is varied: KEY=LOW:HIGH, KEY=LOW:HIGH:log, or KEY=A|B|C. More than once, if wished."
        ),
    ] = None,
    objectives: Annotated[
        str,
        typer.Option(
            help="Two metrics: how close a picture is, and how good it looks.",
            autocompletion=complete_metrics,
        ),
    ] = "psnr,lpips_alex",
    trials: Annotated[
        int | None, typer.Option(min=1, help="How many runs, with the points that are given.  [default: 20]")
    ] = None,
    point: Annotated[
        list[str] | None,
        typer.Option(help="A point to measure, too: NAME=KEY=VALUE KEY=VALUE, such as weights by hand."),
    ] = None,
    no_balances: Annotated[
        bool, typer.Option("--no-balances", help="Leave out the three ways of balancing the loss's terms.")
    ] = False,
    no_pruning: Annotated[
        bool, typer.Option("--no-pruning", help="Train every trial to its end, also those that are beaten.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Folder of the sweep, made for it.")
    ] = None,
    resume: Annotated[
        Path | None, typer.Option(help="Folder of a sweep to go on with, or to help with.")
    ] = None,
    storage: Annotated[
        str | None,
        typer.Option(
            help="Database that machines share: postgresql+psycopg://USER:PASSWORD@HOST/NAME.  [default: a file in the "
            "folder]",
            envvar="BEHOLDER_SWEEP_STORAGE",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of what is tried.")] = 0,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No progress bar.")] = False,
) -> None:
    """Find a recipe's weights by measurement: train it many times, and draw what each setting buys.

    Each trial is a training run in the folder, TRIALS/NNNN. What comes out: sweep.html, a page with the front between both
    measures, every trial and a recommendation; front.svg; trials.csv; and recommended.yaml, a recipe to train by.

    A sweep that was broken off goes on with --resume; several processes at once share one, each started with --resume, and
    several machines with --storage. Trials that early validations tell to be beaten are ended.

    Exit code: 0 done, 1 some trials failed, 2 the sweep cannot begin or go on, 130 interrupted.

    Examples:
        beholder sweep deblock-l8-q10-both data.train=photographs/ --over loss.weights.features=0.01:20:log -o sweeps/l8

        beholder sweep mine.yaml --over loss.weights.content=0:20 --over 'loss.terms.content=content:layers=relu2_2|lpips_vgg'
        --objectives psnr,lpips_vgg --trials 30 --point 'by hand=loss.weights.content=5' -o sweeps/mine

        beholder sweep --resume sweeps/l8 --trials 40
    """
    require("lightning_fabric", "optuna", "pydantic", "tensorboard", "yaml")
    from beholder.cli.weights import fetch_missing
    from beholder.training.sweeping.ledger import own_storage

    if resume is None:
        plan, folder = _begin(
            recipe, settings, over, objectives, trials, point, output, seed, no_balances, no_pruning
        )
    else:
        _refuse_beside_resume(recipe=recipe, over=over, point=point, output=output)
        plan, folder = read_sweep(resume, trials, storage)
    plan = plan.from_anywhere()
    plan.check()
    fetch_missing(plan.objectives, _losses(plan))
    folder.mkdir(parents=True, exist_ok=True)
    from beholder.settings import write_settings

    write_settings(plan, folder / _PLAN)
    ledger, interrupted = _carry_out(plan, folder, storage or own_storage(folder), quiet=quiet)
    failed = tell_sweep(plan, ledger, folder)
    if interrupted:
        say(f"interrupted; go on with: beholder sweep --resume {shlex.quote(str(folder))}")
        raise typer.Exit(130)
    raise typer.Exit(1 if failed else 0)


def _begin(
    recipe: str | None,
    settings: list[str] | None,
    over: list[str] | None,
    objectives: str,
    trials: int | None,
    points: list[str] | None,
    output: Path | None,
    seed: int,
    no_balances: bool,
    no_pruning: bool,
) -> tuple[Sweep, Path]:
    from pydantic import ValidationError

    from beholder.settings import read_settings
    from beholder.training.recipe import Recipe
    from beholder.training.shipped import find_recipe
    from beholder.training.sweeping.plan import Sweep

    if recipe is None or output is None:
        raise UsageError(
            "name a RECIPE and the sweep's folder, -o FOLDER; `beholder recipes` lists those there are."
        )
    if not over:
        raise UsageError(
            "nothing is varied; name a setting and its range: --over loss.weights.TERM=0.01:20:log."
        )
    if (output / _PLAN).exists():
        raise UsageError(
            f"{output}: holds a sweep already; go on with it by --resume, or name another folder."
        )
    chosen = read_settings(find_recipe(recipe), settings or [], kind=Recipe)
    try:
        plan = Sweep(
            name=output.name,
            recipe=chosen,
            over=dict(_split(each, "--over", "KEY=LOW:HIGH") for each in over),
            objectives=tuple(_split_metrics(objectives)),
            trials=20 if trials is None else trials,
            points={name: tuple(shlex.split(text)) for name, text in map(_split_point, points or [])},
            balances=not no_balances,
            prune=not no_pruning,
            seed=seed,
        )
    except ValidationError as error:
        told = error.errors()[0]
        raise UsageError(
            f"--{'.'.join(map(str, told['loc'][:1]))}: {told['msg'].removeprefix('Value error, ')}."
        ) from error
    return plan, output


def _split_metrics(text: str) -> list[str]:
    from beholder.catalog import split_requests

    return split_requests(text)


def _split_point(text: str) -> tuple[str, str]:
    return _split(text, "--point", "NAME=KEY=VALUE")


def _split(text: str, option: str, expected: str) -> tuple[str, str]:
    name, separator, rest = text.partition("=")
    if not separator or not name.strip() or not rest.strip():
        raise UsageError(f"{option} {text!r}: expected {expected}.")
    return name.strip(), rest.strip()


def _refuse_beside_resume(**given: object) -> None:
    if named := [name for name, value in given.items() if value]:
        raise UsageError(
            f"--resume takes all but the number of trials from the sweep; leave out {', '.join(named)}."
        )


def read_sweep(folder: Path, trials: int | None, storage: str | None) -> tuple[Sweep, Path]:
    """The sweep that a folder holds.

    Args:
        folder: The folder.
        trials: How many to carry out in place of those asked for before.
        storage: Its database, where that is none of its own.

    Raises:
        UsageError: If there is none, or its trials are written down elsewhere.
    """
    from beholder.settings import read_settings
    from beholder.training.sweeping.ledger import own_storage
    from beholder.training.sweeping.plan import Sweep

    if not (folder / _PLAN).is_file():
        raise UsageError(f"{folder}: holds no sweep; expected {_PLAN} in it.")
    if storage is None and not Path(own_storage(folder).removeprefix("sqlite:///")).is_file():
        raise UsageError(f"{folder}: its trials are written down elsewhere; name the database by --storage.")
    changed = [] if trials is None else [f"trials={trials}"]
    return read_settings(folder / _PLAN, changed, kind=Sweep), folder


def _losses(plan: Sweep) -> set[str]:
    """All losses that a trial may ask for."""
    recipes = [plan.recipe, *(plan.of(settings) for settings in plan.named.values())]
    for key, span in plan.space.items():
        recipes += [plan.of((f"{key}={value}",)) for value in span.examples]
    return {request for each in recipes for request in each.loss.terms.values()}


def _carry_out(plan: Sweep, folder: Path, address: str, *, quiet: bool) -> tuple[Ledger, bool]:
    """Follow the trials with two bars; all trials, and whether it was interrupted."""
    from beholder.training.sweeping.trials import sweep as start

    with progress_bar("steps", quiet=quiet) as bar, listen(bar, tell=True) as pressed:
        shown = _Shown(bar, plan, folder)
        ledger = start(plan, folder, address, tell=shown.step, tell_end=shown.end, stop=pressed)
        return ledger, pressed()


class _Shown:
    """A bar of the trials and one of the steps of the trial that is under way; how each ended, above them."""

    def __init__(self, bar: Bar, plan: Sweep, folder: Path) -> None:
        self.bar = bar
        self.plan = plan
        self.folder = folder
        self.all = bar.add_task("trials", total=plan.trials, failed="", unit="trials")
        self.one: TaskID | None = None
        self.number = -1

    def step(self, number: int, settings: tuple[str, ...], progress: Progress) -> None:
        from beholder.training.sweeping.front import short_setting

        if self.one is None or number != self.number:
            if self.one is not None:
                self.bar.remove_task(self.one)
            self.number = number
            told = ", ".join(map(short_setting, settings))
            self.one = self.bar.add_task(f"trial {number}: {told}", total=progress.steps, failed="")
        scores = progress.scores or {}
        words = ", ".join(f"{name} {score:.4g}" for name, score in scores.items())
        self.bar.update(self.one, completed=progress.step)
        if words:
            self.bar.update(self.one, failed=words)

    def end(self, number: int, how: str, ledger: Ledger) -> None:
        row = next(row for row in ledger.rows() if row["trial"] == number)
        scores = ", ".join(
            f"{name} {row[name]:.5g}" for name in self.plan.objectives if row[name] is not None
        )
        self.bar.console.print(
            f"trial {number} ({row['name'] or row['settings']}): {scores or how}", markup=False
        )
        self.bar.update(self.all, completed=min(ledger.count(), self.plan.trials))
        write_sweep(self.plan, ledger, self.folder)
