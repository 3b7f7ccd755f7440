"""Time of each metric and of its peers on 4 pairs of 512x512, float32, two threads, in one run.

Every metric takes turns with its peers; the least of the rounds counts, because a disturbance only ever adds time.

Usage: python benchmarks/metrics.py [--rounds N] [METRIC ...]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import torch
from rich.console import Console
from rich.table import Table

import beholder
from beholder.data.degradations import add_noise
from beholder.data.photos import PHOTOS
from peers import PEERS

THREADS = 2


def pairs() -> tuple[torch.Tensor, torch.Tensor]:
    """Four noisy views of a photograph and their originals, shape (4, 3, 512, 512)."""
    picture = next(photo for photo in PHOTOS if photo.name == "astronaut").load()
    references = torch.stack([picture, picture.flip(-1), picture.flip(-2), picture.mT.contiguous()])
    return torch.stack([add_noise(y, 0.05, seed=0) for y in references]), references


def milliseconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return 1e3 * (time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("metrics", nargs="*", default=list(PEERS))
    arguments = parser.parse_args()
    torch.set_num_threads(THREADS)
    x, y = pairs()
    table = Table("metric", "ms", "peer", "ms", "faster than the peer by")
    for name in arguments.metrics:
        calls = {name: beholder.create_metric(name), **dict(PEERS.get(name, []))}
        times: dict[str, list[float]] = {caller: [] for caller in calls}
        with torch.inference_mode():
            for call in calls.values():
                call(x, y)
            for _ in range(arguments.rounds):
                for caller, call in calls.items():
                    times[caller].append(milliseconds(lambda call=call: call(x, y)))
        ours, *peers = ((caller, min(spent)) for caller, spent in times.items())
        for peer, spent in peers or [("none", float("nan"))]:
            table.add_row(name, f"{ours[1]:.1f}", peer, f"{spent:.1f}", f"{spent / ours[1]:.2f}x")
    Console().print(table)


if __name__ == "__main__":
    main()
