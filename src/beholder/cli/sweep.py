"""`beholder sweep`: many runs of a recipe, and which weights to take."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from beholder.cli.completion import complete_metrics, complete_recipes
from beholder.cli.console import progress_bar, say
from beholder.cli.options import Quiet
from beholder.cli.outputs import check_folder
from beholder.cli.runs import listen, require
from beholder.cli.sweep_outcome import SweepProgress, tell_sweep
from beholder.spec import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from beholder.training.sweeping.ledger import Ledger
    from beholder.training.sweeping.plan import Sweep

__all__ = ["Storage", "read_sweep", "sweep"]

_PLAN = "sweep.yaml"
Storage = Annotated[
    str | None,
    typer.Option(
        help="Database that machines share: postgresql+psycopg://USER:PASSWORD@HOST/NAME.  [default: a file in the "
        "sweep's folder]",
        envvar="BEHOLDER_SWEEP_STORAGE",
    ),
]


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
        str | None,
        typer.Option(
            help="Two metrics: how close a picture is, and how good it looks.  [default: psnr,lpips_alex]",
            autocompletion=complete_metrics,
        ),
    ] = None,
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
    storage: Storage = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Of what is tried.  [default: 0]")] = None,
    quiet: Quiet = False,
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
    from beholder.settings import write_settings
    from beholder.training.sweeping.ledger import lock_folder, own_storage
    from beholder.training.writing import replacing

    if resume is None:
        plan, folder = _begin(
            recipe, settings, over, objectives, trials, point, output, seed, no_balances, no_pruning
        )
    else:
        _refuse_beside_resume(
            {
                "recipe": recipe,
                "--over": over,
                "--objectives": objectives,
                "--point": point,
                "--no-balances": no_balances,
                "--no-pruning": no_pruning,
                "--output": output,
                "--seed": seed,
            }
        )
        plan, folder = read_sweep(resume, trials, storage)
    plan = plan.from_anywhere()
    plan.check()
    fetch_missing(plan.objectives, _losses(plan))
    check_folder(folder)
    with lock_folder(folder), replacing(folder / _PLAN) as partial:
        write_settings(plan, partial)
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
    objectives: str | None,
    trials: int | None,
    points: list[str] | None,
    output: Path | None,
    seed: int | None,
    no_balances: bool,
    no_pruning: bool,
) -> tuple[Sweep, Path]:
    from pydantic import ValidationError

    from beholder.catalog import split_requests
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
            name=output.absolute().name,
            recipe=chosen,
            over=_split_all(over, "--over", "KEY=LOW:HIGH"),
            objectives=tuple(split_requests(objectives or "psnr,lpips_alex")),
            trials=20 if trials is None else trials,
            points={
                name: _split_words(text)
                for name, text in _split_all(points or [], "--point", "NAME=KEY=VALUE").items()
            },
            balances=not no_balances,
            prune=not no_pruning,
            seed=seed or 0,
        )
    except ValidationError as error:
        told = error.errors()[0]
        raise UsageError(
            f"--{'.'.join(map(str, told['loc'][:1]))}: {told['msg'].removeprefix('Value error, ')}."
        ) from error
    return plan, output


def _split_all(given: list[str], option: str, expected: str) -> dict[str, str]:
    """What stands before and behind the first equals sign of each."""
    found: dict[str, str] = {}
    for text in given:
        name, _, rest = (part.strip() for part in text.partition("="))
        if not name or not rest:
            raise UsageError(f"{option} {text!r}: expected {expected}.")
        if name in found:
            raise UsageError(f"{option} {text!r}: {name} is given twice; give it once.")
        found[name] = rest
    return found


def _split_words(text: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise UsageError(
            f"--point {text!r}: {str(error).lower()}; expected settings with blanks between."
        ) from error


def _refuse_beside_resume(given: Mapping[str, object]) -> None:
    # a seed of 0 is given, too
    if named := [name for name, value in given.items() if value or (value is not None and name == "--seed")]:
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
        shown = SweepProgress(bar, plan, folder)
        ledger = start(plan, folder, address, tell=shown.step, tell_end=shown.end, stop=pressed)
        return ledger, pressed()
