"""`beholder calibrate learn`: judged triplets into a metric."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from beholder.cli.completion import complete_metric_recipes, complete_metric_settings
from beholder.cli.options import Quiet
from beholder.cli.runs import carry_out, choose_run, require, tell_passing

__all__ = ["learn"]


def learn(
    recipe: Annotated[
        str | None,
        typer.Argument(
            autocompletion=complete_metric_recipes,
            help="lin, tune, scratch, or a .yaml file of your own; not with --resume.",
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Argument(
            autocompletion=complete_metric_settings,
            help="KEY=VALUE, in place of the recipe's: data.train=bapps/2afc/train",
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
    """Learn a metric from triplets that people judged: LPIPS on any network, in the three ways of its authors.

    lin learns a weight for each channel of a pretrained network, which stays as it is; tune moves the network, too; scratch
    begins with one of random weights. The folder holds the recipe with every setting, metric.safetensors, which any command
    takes for a metric's name, the last checkpoint, and logs. What was broken off goes on from its last checkpoint as if it
    had not been.

    Exit code: 0 done, 2 the run cannot begin or go on, 130 interrupted: after the first Ctrl-C a checkpoint is saved.

    Examples:
        beholder calibrate learn lin data.train=bapps/2afc/train -o runs/lin

        beholder calibrate learn tune data.train=bapps/2afc/train data.validation=bapps/2afc/val backbone=vgg16 -o runs/tune

        beholder agree bapps/2afc/val -m runs/lin/metric.safetensors,lpips_alex
    """
    require("lightning_fabric", "pydantic", "tensorboard", "yaml")
    from beholder.calibration.learning.recipe import MetricRecipe
    from beholder.training.shipped import find_metric_recipe

    chosen, run = choose_run(
        MetricRecipe, find_metric_recipe, recipe=recipe, settings=settings or [], output=output, resume=resume
    )
    if chosen.kind != "scratch" and chosen.weights is None:
        from beholder.cli.weights import fetch_missing

        fetch_missing([f"lpips:{chosen.backbone}"])

    from beholder.calibration.learning.run import learn_metric

    carry_out(
        lambda bar, tell, stop: learn_metric(
            chosen,
            run.path,
            resume=resume is not None,
            devices=devices,
            nodes=nodes,
            accelerator=accelerator,
            tell=tell,
            tell_measuring=tell_passing(bar, "reading", "triplets"),
            stop=stop,
        ),
        run,
        run.metric,
        command="beholder calibrate learn",
        before="before",
        quiet=quiet,
    )
