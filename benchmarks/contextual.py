"""Contextual loss, forwards and backwards, against the dense formula of contextual_loss_pytorch: time and peak memory.

256 channels, two threads. Each case runs in a process of its own, so that its peak is its own; memory is what the
process holds at its peak beyond the inputs. Exits with 1 where an aim is missed: at 96x96 a tenth of the memory and
half the time, at 128x128 less than 500 MB.

Usage: python benchmarks/contextual.py [--rounds N]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

from beholder.losses import contextual

CHANNELS = 256
CASES = [(64, "ours"), (64, "dense"), (96, "ours"), (96, "dense"), (128, "ours")]


def dense(x: Tensor, y: Tensor, bandwidth: float = 0.5) -> Tensor:
    """The formula as contextual_loss_pytorch has it: the whole matrix, step by step, (N, H W, H W)."""
    centre = y.mean(dim=(0, 2, 3), keepdim=True)
    x, y = x - centre, y - centre
    x, y = (torch.nn.functional.normalize(features, p=2, dim=1).flatten(2) for features in (x, y))
    distance = 1 - torch.bmm(x.transpose(1, 2), y)
    relative = distance / (torch.min(distance, dim=2, keepdim=True)[0] + 1e-5)
    weights = torch.exp((1 - relative) / bandwidth)
    similarity = weights / torch.sum(weights, dim=2, keepdim=True)
    return -torch.log(torch.mean(torch.max(similarity, dim=1)[0], dim=1) + 1e-5)


def memory(key: str) -> float:
    """What this process holds (VmRSS) or has held at most (VmHWM), in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{key}:")) / 1024


def measure(side: int, kind: str, rounds: int) -> dict[str, float]:
    torch.set_num_threads(2)
    function: Callable[[Tensor, Tensor], Tensor] = contextual if kind == "ours" else dense
    generator = torch.Generator().manual_seed(0)
    small = torch.rand(2, 1, CHANNELS, 8, 8, generator=generator)
    function(small[0].requires_grad_(), small[1]).sum().backward()  # what loads at the first call
    x, y = torch.rand(2, 1, CHANNELS, side, side, generator=generator)
    x.requires_grad_()
    before = memory("VmRSS")
    seconds = []
    for _ in range(rounds):
        x.grad = None
        start = time.perf_counter()
        value = function(x, y).sum()
        value.backward()
        seconds.append(time.perf_counter() - start)
    return {"seconds": min(seconds), "megabytes": memory("VmHWM") - before, "value": value.item()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--case", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.case:
        side, kind = arguments.case
        print(json.dumps(measure(int(side), kind, arguments.rounds)))
        return 0
    found = {}
    table = Table("places", "", "s", "peak, MB", "loss")
    for side, kind in CASES:
        command = [sys.executable, __file__, "--rounds", str(arguments.rounds), "--case", str(side), kind]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        found[side, kind] = case = json.loads(done.stdout)
        told = (f"{case['seconds']:.2f}", f"{case['megabytes']:.0f}", f"{case['value']:.6f}")
        table.add_row(f"{side}x{side}", kind, *told)
    Console().print(table)
    ours, theirs = found[96, "ours"], found[96, "dense"]
    lighter, faster = (theirs[key] / ours[key] for key in ("megabytes", "seconds"))
    print(f"96x96: {lighter:.1f} times less memory, {faster:.2f} times faster")
    return 0 if lighter >= 10 and faster >= 2 and found[128, "ours"]["megabytes"] < 500 else 1


if __name__ == "__main__":
    raise SystemExit(main())
