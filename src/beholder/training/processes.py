"""The processes of a run, and which of them this is."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any

import torch
from lightning_fabric import Fabric

from beholder.spec import UsageError

if TYPE_CHECKING:
    from beholder.training.recipe import Recipe

__all__ = ["is_first_process", "plan_processes"]

_RANKS = ("RANK", "LOCAL_RANK", "NODE_RANK", "GROUP_RANK", "SLURM_PROCID")  # of Fabric, torchrun and Slurm


def is_first_process() -> bool:
    """Whether this is the one of a run's processes that tells of it; before they are started, too."""
    return all(os.environ.get(name, "0") == "0" for name in _RANKS)


def plan_processes(recipe: Recipe, *, devices: int, nodes: int, accelerator: str) -> Fabric:
    """What will start a run's processes, or join those that are there.

    Raises:
        UsageError: If the batch cannot be split among them, or there is no such accelerator.
    """
    if devices < 1 or nodes < 1 or recipe.batch % (devices * nodes):
        raise UsageError(
            f"batch is {recipe.batch}; expected a multiple of the {devices} devices of {nodes} nodes."
            if nodes > 1
            else f"batch is {recipe.batch}; expected a multiple of the {devices} devices."
        )
    if accelerator not in ("auto", "cpu", "cuda"):
        raise UsageError(f"accelerator is {accelerator!r}; expected auto, cpu or cuda.")
    if accelerator == "cuda" and not torch.cuda.is_available():
        raise UsageError(
            "accelerator is 'cuda', and PyTorch finds no such device; expected auto or cpu here."
        )
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # the recipe tells of the precision
    precision: Any = "bf16-mixed" if recipe.precision == "bfloat16" else "32-true"
    return Fabric(
        accelerator=accelerator,
        devices=devices,
        num_nodes=nodes,
        strategy="ddp" if devices * nodes > 1 else "auto",
        precision=precision,
    )
