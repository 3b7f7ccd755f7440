"""The processes of a run, and which of them this is."""

from __future__ import annotations

import logging
import os
from typing import Any, Literal

import torch
from lightning_fabric import Fabric

from beholder.spec import UsageError

__all__ = ["is_first_process", "plan_processes"]

_RANKS = ("RANK", "LOCAL_RANK", "NODE_RANK", "GROUP_RANK", "SLURM_PROCID")  # of Fabric, torchrun and Slurm
_MEETING_PLACES = ("MASTER_ADDR", "TORCHELASTIC_RUN_ID", "SLURM_JOB_ID", "LSB_JOBID", "OMPI_COMM_WORLD_RANK")


def is_first_process() -> bool:
    """Whether this is the one of a run's processes that tells of it; before they are started, too."""
    return all(os.environ.get(name, "0") == "0" for name in _RANKS)


def plan_processes(
    batch: int,
    computed_in: Literal["float32", "bfloat16"],
    *,
    devices: int,
    nodes: int,
    accelerator: str,
) -> Fabric:
    """What will start a run's processes, or join those that are there.

    Args:
        batch: Items of a step, which the processes split.
        computed_in: ``"bfloat16"`` computes networks in it, weights stay in float32.
        devices: Processes on each node.
        nodes: Machines.
        accelerator: ``"auto"``, ``"cpu"`` or ``"cuda"``.

    Raises:
        UsageError: If the batch cannot be split among them, there is no such accelerator, or nothing tells several nodes
            where they meet.
    """
    if devices < 1 or nodes < 1 or batch % (devices * nodes):
        raise UsageError(
            f"batch is {batch}; expected a multiple of the {devices} devices of {nodes} nodes."
            if nodes > 1
            else f"batch is {batch}; expected a multiple of the {devices} devices."
        )
    if accelerator not in ("auto", "cpu", "cuda"):
        raise UsageError(f"accelerator is {accelerator!r}; expected auto, cpu or cuda.")
    if accelerator == "cuda" and not torch.cuda.is_available():
        raise UsageError(
            "accelerator is 'cuda', and PyTorch finds no such device; expected auto or cpu here."
        )
    if nodes > 1 and not any(name in os.environ for name in _MEETING_PLACES):
        raise UsageError(
            f"nodes is {nodes}, and nothing tells where they meet; start the command by torchrun or Slurm, or set "
            "MASTER_ADDR and MASTER_PORT, and on each node NODE_RANK."
        )
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # the recipe tells of the precision
    precision: Any = "bf16-mixed" if computed_in == "bfloat16" else "32-true"
    return Fabric(
        accelerator=accelerator,
        devices=devices,
        num_nodes=nodes,
        strategy="ddp" if devices * nodes > 1 else "auto",
        precision=precision,
    )
