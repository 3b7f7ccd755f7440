"""`beholder networks`: what can be trained."""

from __future__ import annotations

import json
from typing import Any

from beholder.cli.console import print_out, print_wide
from beholder.cli.metrics import as_typed
from beholder.cli.options import AsList

__all__ = ["networks"]

_SIDE = 512


def networks(
    as_json: AsList = False,
) -> None:
    """List the networks: name, options with their defaults, size, cost, paper.

    GFLOPs are billions of operations for a picture of 512x512 pixels: the output of a network that restores, the
    input of one that judges. A multiplication with its addition counts as 2.

    Example:
        beholder networks --json
    """
    from rich.table import Table

    from beholder.catalog import DISCRIMINATORS, NETWORKS

    restoring = [_describe(name) for name in NETWORKS]
    judging = [_describe(name) for name in DISCRIMINATORS]
    if as_json:
        listed = {"networks": restoring, "discriminators": judging}
        print_out(json.dumps(listed, indent=2, ensure_ascii=False))
        return
    for what, described in (
        ("restores pictures", restoring),
        ("judges them, in adversarial training", judging),
    ):
        table = Table("name", "options", "parameters", f"GFLOPs, {_SIDE}x{_SIDE}", what, "paper")
        for network in described:
            options = ", ".join(as_typed(key, default) for key, default in network["options"].items())
            size, cost = f"{network['parameters']:,}", f"{network['gflops']:,.1f}"
            table.add_row(network["name"], options, size, cost, network["title"], network["paper"])
        print_wide(table)


def _describe(name: str) -> dict[str, Any]:
    import torch

    from beholder.catalog import DISCRIMINATORS, NETWORKS
    from beholder.networks import count_flops, count_parameters

    entry = {**NETWORKS, **DISCRIMINATORS}[name]
    network_class = entry.load()
    with torch.device("meta"):  # nothing is drawn, nor kept in memory
        network = network_class(**entry.options)
    scale = getattr(network, "scale", 1)
    return {
        "name": name,
        "title": network_class.title,
        "paper": network_class.paper,
        "parameters": count_parameters(network),
        "gflops": count_flops(network, _SIDE // scale, _SIDE // scale) / 1e9,
        "options": entry.list_options(),
    }
