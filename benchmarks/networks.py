"""Seconds that each network takes for a picture of 512x512 pixels, and what convolutions cost, on one thread.

The quickest of several rounds, in float32 and in bfloat16 autocast, channels last. The convolutions map 64 channels to
64 on eight pictures of 64x64 pixels, all in one type: a plain 3x3 against a depthwise 3x3 followed by a 1x1.

Usage: python benchmarks/networks.py [--rounds N]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import torch
from torch import nn

from beholder.catalog import NETWORKS, create_network

SIDE = 512
WIDTH, BATCH, SMALL_SIDE = 64, 8, 64


def quickest(run: Callable[[], object], rounds: int) -> float:
    took = []
    for _ in range(rounds + 1):  # the first warms up
        start = time.perf_counter()
        run()
        took.append(time.perf_counter() - start)
    return min(took[1:])


def time_network(name: str, dtype: torch.dtype, rounds: int) -> float:
    network = create_network(name).eval().to(memory_format=torch.channels_last)
    x = torch.rand(1, 3, SIDE // network.scale, SIDE // network.scale)
    x = x.contiguous(memory_format=torch.channels_last)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=dtype == torch.bfloat16):
        return quickest(lambda: network(x), rounds)


def time_convolution(layers: nn.Module, dtype: torch.dtype, rounds: int, *, training: bool) -> float:
    layers = layers.to(dtype).to(memory_format=torch.channels_last)
    x = (
        torch.rand(BATCH, WIDTH, SMALL_SIDE, SMALL_SIDE)
        .to(dtype)
        .contiguous(memory_format=torch.channels_last)
    )
    x.requires_grad_(training)
    with torch.set_grad_enabled(training):
        return quickest(lambda: layers(x).sum().backward() if training else layers(x), rounds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    for name in NETWORKS:
        seconds = [time_network(name, dtype, rounds) for dtype in (torch.float32, torch.bfloat16)]
        print(f"{name:12} float32 {seconds[0]:6.2f} s, bfloat16 {seconds[1]:6.2f} s")
    depthwise = nn.Conv2d(WIDTH, WIDTH, 3, padding=1, groups=WIDTH)
    kinds = {
        "3x3": (nn.Conv2d(WIDTH, WIDTH, 3, padding=1), 9 * WIDTH**2),
        "depthwise + 1x1": (nn.Sequential(depthwise, nn.Conv2d(WIDTH, WIDTH, 1)), 9 * WIDTH + WIDTH**2),
    }
    for kind, (layers, products) in kinds.items():
        for dtype in (torch.float32, torch.bfloat16):
            for training in (False, True):
                seconds_taken = time_convolution(layers, dtype, 10 * rounds, training=training)
                rate = (3 if training else 1) * products * BATCH * SMALL_SIDE**2 / seconds_taken / 1e9
                what = "there and back" if training else "there"
                print(
                    f"{kind:16} {str(dtype)[6:]:9} {what:15} {seconds_taken * 1e3:6.2f} ms, {rate:5.0f} GMAC/s"
                )


if __name__ == "__main__":
    main()
