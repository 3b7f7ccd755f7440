"""`beholder metrics`: what can be measured."""

from __future__ import annotations

import json

from beholder.cli.console import print_out, print_wide
from beholder.cli.options import AsList

__all__ = ["as_typed", "metrics"]


def metrics(
    as_json: AsList = False,
) -> None:
    """List the metrics: name, direction, range, unit, options with their defaults, paper.

    Example:
        beholder metrics --json
    """
    from rich.table import Table

    from beholder.catalog import METRICS, NO_REFERENCE_METRICS, describe_metric, list_options

    listed = [(describe_metric(name), list_options(name)) for name in (*METRICS, *NO_REFERENCE_METRICS)]
    if as_json:
        objects = [{**spec.as_dict(), "options": options} for spec, options in listed]
        print_out(json.dumps(objects, indent=2, ensure_ascii=False))
        return
    table = Table("name", "better", "range", "unit", "map", "options", "what it measures", "paper")
    for spec, options in listed:
        low, high = (f"{bound:g}".replace("inf", "∞") for bound in spec.range)
        table.add_row(
            spec.name,
            spec.direction,
            f"{low} to {high}",
            spec.unit,
            "yes" if spec.map_range else "",
            ", ".join(as_typed(key, default) for key, default in options.items()),
            spec.title,
            spec.paper,
        )
    print_wide(table)


def as_typed(key: str, default: object) -> str:
    """An option with its default, as a request has it; the bare name where it must be given."""
    if default is None:
        return key
    return f"{key}={str(default).lower() if isinstance(default, bool) else default}"
