"""`beholder train`: a recipe and photographs into a network."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from beholder.cli.console import print_out, print_wide, progress_bar, say
from beholder.spec import MissingPackageError, UsageError

if TYPE_CHECKING:
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
    devices: Annotated[int, typer.Option(help="Processes, each with a device of its own.")] = 1,
    accelerator: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No progress bar.")] = False,
) -> None:
    """Train a network by a recipe.

    The folder holds the recipe with every setting, the best model, the last checkpoint, logs, and pictures of each
    validation. A run that was broken off, by whatever, goes on from its last checkpoint as if it had not been.

    Examples:
        beholder train deblock data.train=photographs/ -o runs/deblock

        beholder train mine.yaml steps=500 optimiser.rate=2e-4 -o runs/try

        beholder train --resume runs/deblock
    """
    if recipe is None and resume is None:
        raise UsageError("name a RECIPE and its folder, -o FOLDER; `beholder recipes` lists those there are.")
    _require("lightning_fabric", "pydantic", "yaml")
    from beholder.cli.weights import fetch_missing
    from beholder.training.folder import RunFolder
    from beholder.training.reading import read_recipe
    from beholder.training.shipped import find_recipe

    if resume is not None:
        if recipe is not None or output is not None:
            raise UsageError(
                "--resume takes the recipe and the folder from the run; leave out RECIPE and --output."
            )
        chosen, folder = RunFolder(resume).read_recipe(), resume
    elif recipe is None or output is None:
        raise UsageError("name a RECIPE and its folder, -o FOLDER; `beholder recipes` lists those there are.")
    else:
        chosen, folder = read_recipe(find_recipe(recipe), settings or ()), output
    fetch_missing(list(chosen.validation.metrics))
    from beholder.training.run import train as run  # takes seconds to load: after what can be refused

    with progress_bar("steps", quiet=quiet) as bar:
        task = bar.add_task("training", total=chosen.steps, failed="")

        def tell(progress: Progress) -> None:
            bar.update(task, completed=progress.step, failed=f"loss {progress.log['total']:.4g}")
            if progress.scores is not None:
                scores = ", ".join(f"{name} {score:.4f}" for name, score in progress.scores.items())
                bar.console.print(f"step {progress.step}: {scores}")

        model = run(
            chosen, folder, resume=resume is not None, devices=devices, accelerator=accelerator, tell=tell
        )
    say(f"wrote {model}")


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


def _require(*modules: str) -> None:
    missing = [module for module in modules if find_spec(module) is None]
    if missing:
        raise MissingPackageError(
            f"training needs the packages {', '.join(missing)}: pip install 'beholder[train]'"
        )
