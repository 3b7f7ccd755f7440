"""`beholder metrics`: what can be measured."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from beholder.cli.console import print_wide

__all__ = ["metrics"]


def metrics(
    as_json: Annotated[bool, typer.Option("--json", help="A list of objects, for machines.")] = False,
) -> None:
    """List the metrics: name, direction, range, unit, paper.

    Example:
        beholder metrics --json
    """
    from rich.table import Table

    from beholder.catalog import METRICS, describe_metric

    specs = [describe_metric(name) for name in METRICS]
    if as_json:
        typer.echo(json.dumps([spec.as_dict() for spec in specs], indent=2, ensure_ascii=False))
        return
    table = Table("name", "better", "range", "unit", "map", "what it measures", "paper")
    for spec in specs:
        low, high = (f"{bound:g}".replace("inf", "∞") for bound in spec.range)
        has_map = "yes" if spec.map_range else ""
        table.add_row(
            spec.name, spec.direction, f"{low} to {high}", spec.unit, has_map, spec.title, spec.paper
        )
    print_wide(table)
