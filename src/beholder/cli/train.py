"""`beholder train`: a recipe and photographs into a network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from beholder.cli.completion import complete_recipes, complete_settings
from beholder.cli.console import print_out, print_wide, say
from beholder.cli.options import Quiet
from beholder.cli.runs import carry_out, choose_run, require, tell_passing

__all__ = ["recipes", "train"]


def train(
    recipe: Annotated[
        str | None,
        typer.Argument(
            autocompletion=complete_recipes,
            help="A .yaml file, or one of `beholder recipes`; not with --resume.",
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Argument(
            autocompletion=complete_settings,
            help="KEY=VALUE, in place of the recipe's: data.train=photographs/",
        ),
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
    quiet: Quiet = False,
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
    require("lightning_fabric", "pydantic", "tensorboard", "yaml")
    from beholder.cli.weights import fetch_missing
    from beholder.training.recipe import Recipe
    from beholder.training.shipped import find_recipe

    chosen, run = choose_run(
        Recipe, find_recipe, recipe=recipe, settings=settings or [], output=output, resume=resume
    )
    if chosen.schedule.warmup >= chosen.steps:
        say(
            f"note: schedule.warmup is {chosen.schedule.warmup}: the rate still rises when the {chosen.steps} steps end"
        )
    fetch_missing(chosen.validation.metrics, chosen.loss.terms.values())

    # It takes seconds to load: after what can be refused.
    from beholder.training.run import train as start

    carry_out(
        lambda bar, tell, stop: start(
            chosen,
            run.path,
            resume=resume is not None,
            devices=devices,
            nodes=nodes,
            accelerator=accelerator,
            tell=tell,
            tell_decoding=tell_passing(bar, "decoding", "pictures"),
            stop=stop,
        ),
        run,
        run.model,
        command="beholder train",
        before="unrestored",
        quiet=quiet,
    )


def recipes() -> None:
    """List the recipes that come with Beholder: name and what comes out.

    Example:
        beholder recipes
    """
    require("yaml")
    import yaml
    from rich.table import Table

    from beholder.training.shipped import shipped_metric_recipes, shipped_recipes

    table = Table("name", "network", "steps", "what comes out")
    for name, path in shipped_recipes().items():
        told = yaml.safe_load(path.read_text(encoding="utf-8"))
        table.add_row(name, told["network"], str(told["steps"]), told["title"])
    print_wide(table)
    print_out("Each wants photographs: beholder train NAME data.train=FOLDER -o runs/NAME")
    learned = Table("name", "what comes out")
    for name, path in shipped_metric_recipes().items():
        learned.add_row(name, yaml.safe_load(path.read_text(encoding="utf-8"))["title"])
    print_wide(learned)
    print_out("Each wants judged triplets: beholder calibrate learn NAME data.train=SET -o runs/NAME")
