"""`beholder losses`: what can be minimised."""

from __future__ import annotations

import json
from typing import Any

from beholder.cli.console import print_out, print_wide
from beholder.cli.metrics import as_typed
from beholder.cli.options import AsList

__all__ = ["losses"]


def losses(
    as_json: AsList = False,
) -> None:
    """List the losses: name, options with their defaults, what each minimises, paper.

    Every differentiable metric is a loss, too, by the metric's name.

    Example:
        beholder losses --json
    """
    from rich.table import Table

    from beholder.catalog import LOSSES, METRICS, describe_metric

    own = [_describe(name) for name in LOSSES]
    metrics = [
        name
        for name, entry in METRICS.items()
        if name not in LOSSES and (entry.subject or describe_metric(name).differentiable)
    ]
    if as_json:
        print_out(json.dumps({"losses": own, "metrics": metrics}, indent=2, ensure_ascii=False))
        return
    table = Table("name", "options", "given with the pictures", "what is minimised", "paper")
    for loss in own:
        options = ", ".join(as_typed(key, default) for key, default in loss["options"].items())
        table.add_row(loss["name"], options, ", ".join(loss["inputs"]), loss["title"], loss["paper"])
    print_wide(table)
    print_out(f"Metrics that are losses too: {', '.join(metrics)}.")


def _describe(name: str) -> dict[str, Any]:
    from beholder.catalog import LOSSES

    entry = LOSSES[name]
    loss = entry.load()
    return {
        "name": name,
        "title": loss.title,
        "paper": loss.paper,
        "inputs": list(loss.inputs),
        "options": entry.list_options(),
    }
