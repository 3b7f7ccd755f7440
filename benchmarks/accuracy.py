"""Largest difference of each metric from its peers, on the same tensors.

In float64 only the definitions are left to differ; in float32 both sides' rounding comes on top.

Usage: python benchmarks/accuracy.py
"""

from __future__ import annotations

import torch
from peers import PEERS
from rich.console import Console
from rich.table import Table

import beholder
from beholder.data.degradations import add_noise, blur, shrink_and_enlarge
from beholder.data.photos import PHOTOS


def pairs() -> tuple[torch.Tensor, torch.Tensor]:
    """Spoilt 256x256 details of photographs and their originals, shape (N, 3, 256, 256)."""
    distorted, references = [], []
    for photo in PHOTOS[:4]:
        detail = photo.detail()
        for spoilt in (add_noise(detail, 0.1, seed=0), blur(detail, 2), shrink_and_enlarge(detail, 3)):
            distorted.append(spoilt)
            references.append(detail)
    return torch.stack(distorted), torch.stack(references)


def main() -> None:
    x, y = pairs()
    table = Table("metric", "peer", "float32", "float64", "scores from", "to")
    for name, peers in PEERS.items():
        for peer, function in peers:
            differences = []
            for dtype in (torch.float32, torch.float64):
                metric = beholder.create_metric(name).to(dtype)
                with torch.inference_mode():
                    ours = metric(x.to(dtype), y.to(dtype))
                    theirs = function(x.to(dtype), y.to(dtype))
                differences.append(f"{(ours - theirs).abs().max():.1e}")
            table.add_row(name, peer, *differences, f"{ours.min():.4f}", f"{ours.max():.4f}")
    Console().print(table)


if __name__ == "__main__":
    main()
