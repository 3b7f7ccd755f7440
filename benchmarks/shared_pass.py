"""One training step of four losses on VGG-16: in one sum, against the content loss alone, and against four modules.

Batch 4, 128x128, forwards and backwards to the pictures, two threads. The content loss looks at relu5_3, as deep as
LPIPS does, so that its pass is the one that all could share. "Pure maths" is what the other three compute from features
that are there already. Exits with 1 where the sum takes more than 1.25 times content and maths.

Usage: python benchmarks/shared_pass.py [--rounds N]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

from beholder.backbones import Backbone
from beholder.catalog import create_loss
from beholder.data.degradations import add_noise
from beholder.data.photos import PHOTOS
from beholder.losses import WeightedSum, contextual
from beholder.metrics.gram import gram_distance
from beholder.metrics.lpips import layer_distance, sum_layers

CONTENT = "content:layers=relu5_3"
OTHERS = ["gram", "contextual", "lpips_vgg"]
LIMIT = 1.25


def pair() -> tuple[Tensor, Tensor]:
    y = torch.stack([photo.detail(128) for photo in PHOTOS[:4]])
    return torch.stack([add_noise(picture, 0.1, seed=0) for picture in y]), y


def step(loss: Callable[[Tensor, Tensor], Tensor], x: Tensor, y: Tensor) -> Callable[[], None]:
    def run() -> None:
        loss(x.detach().requires_grad_(), y).backward()

    return run


def maths(x: Tensor, y: Tensor) -> Callable[[], None]:
    """What Gram, contextual and LPIPS losses compute from features, back to the features."""
    lpips, gram, context = create_loss("lpips_vgg").metric, create_loss("gram"), create_loss("contextual")
    layers = {
        "lpips": lpips.backbone.layers,
        "gram": gram.backbone.layers,
        "contextual": context.backbone.layers,
    }
    backbone = Backbone("vgg16", sorted({name for names in layers.values() for name in names}))
    with torch.no_grad():
        at_x, at_y = backbone(x), backbone(y)
    weights = [lpips.get_buffer(f"weight{index}") for index in range(len(layers["lpips"]))]

    def run() -> None:
        seen = {name: features.detach().requires_grad_() for name, features in at_x.items()}
        (
            sum_layers(
                [
                    layer_distance(seen[n], at_y[n], weight)
                    for n, weight in zip(layers["lpips"], weights, strict=True)
                ]
            ).mean()
            + sum(gram_distance(seen[n], at_y[n]).mean() for n in layers["gram"])
            + sum(contextual(seen[n], at_y[n]).mean() for n in layers["contextual"])
        ).backward()

    return run


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(2)
    x, y = pair()
    apart = [create_loss(name) for name in (CONTENT, *OTHERS)]
    calls = {
        "content alone": step(create_loss(CONTENT), x, y),
        "pure maths of the others": maths(x, y),
        "all four, one sum": step(WeightedSum([CONTENT, *OTHERS]), x, y),
        "all four, modules of their own": step(
            lambda x, y: torch.stack([loss(x, y) for loss in apart]).sum(), x, y
        ),
    }
    times: dict[str, list[float]] = {name: [] for name in calls}
    for call in calls.values():
        call()
    for _ in range(rounds):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            times[name].append(time.perf_counter() - start)
    content, pure, together, separate = (min(spent) for spent in times.values())
    table = Table("", "ms")
    for name, spent in times.items():
        table.add_row(name, f"{1e3 * min(spent):.0f}")
    Console().print(table)
    ratio = together / (content + pure)
    print(
        f"one sum against content and maths: {ratio:.2f}x; four modules against one sum: {separate / together:.2f}x"
    )
    return 0 if ratio <= LIMIT else 1


if __name__ == "__main__":
    raise SystemExit(main())
