"""Steps a second of the deblocking recipe with a feature loss, against the plain eager loop of the original experiment.

The original's loop is rebuilt here: L8, 42x42 patches, batch 64, Adam, pixel loss plus 5 times the mean squared difference
of VGG-16's relu2_2, float32, everything in eager mode. Ours is the recipe's own step, with its data loader, loss balancing,
clipping and running mean of the weights. Both take the same patches, from the same initial weights, the same
number of steps, at the same rates, which fall to nothing so that chance in the last steps does not decide; both are
validated by the weights that they end with.

Usage: python benchmarks/training.py PHOTOGRAPHS [--steps N]
"""

from __future__ import annotations

import argparse
import copy
import time
from pathlib import Path

import torch
from lightning_fabric import Fabric
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader
from torchvision.models import vgg16

from beholder.backbones import Backbone
from beholder.training.learner import Learner
from beholder.training.order import Order
from beholder.training.pairs import open_pairs
from beholder.training.rates import rate_at
from beholder.training.reading import read_recipe
from beholder.training.recipe import Recipe
from beholder.training.shipped import find_recipe
from beholder.training.validating import Validator

THREADS = 2


class PlainFeatures(nn.Module):
    """VGG-16 up to relu2_2 as torchvision builds it, with ImageNet's normalisation."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = vgg16(weights=None).features[:9].eval().requires_grad_(requires_grad=False)
        ours = Backbone("vgg16", ["relu2_2"]).trunk.features
        self.layers.load_state_dict(ours.state_dict())
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Features of pictures in [0, 1]."""
        features: Tensor = self.layers((x - self.mean) / self.std)
        return features


def plain_loop(network: nn.Module, loader: DataLoader[dict[str, Tensor]], recipe: Recipe) -> float:
    """Seconds of the loop itself."""
    features, optimiser = PlainFeatures(), torch.optim.Adam(network.parameters())
    start = time.perf_counter()
    for step, batch in enumerate(loader):
        optimiser.param_groups[0]["lr"] = recipe.optimiser.rate * rate_at(step, recipe.steps, recipe.schedule)
        output = network(batch["x"])
        loss = functional.mse_loss(output, batch["y"])
        loss = loss + 5 * functional.mse_loss(features(output), features(batch["y"]))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photographs", type=Path)
    parser.add_argument("--steps", type=int, default=60)
    arguments = parser.parse_args()
    torch.set_num_threads(THREADS)
    recipe = read_recipe(
        find_recipe("deblock-l8-q10-both"),
        [
            f"data.train={arguments.photographs}",
            f"steps={arguments.steps}",
            "batch=64",
            "data.patch=42",
            "schedule={kind: cosine, warmup: 20}",
            "loss={terms: {pixels: l2, features: 'content:layers=relu2_2'}, weights: {features: 5}}",
            "validation.metrics=[psnr]",
        ],
    )
    torch.manual_seed(0)
    learner = Learner(recipe, Fabric(accelerator="cpu", precision="bf16-mixed"))
    original = copy.deepcopy(learner.plain)
    patches, pictures = open_pairs(recipe, 1)
    validator = Validator(recipe.validation, torch.device("cpu"))

    def loader() -> DataLoader[dict[str, Tensor]]:
        return DataLoader(
            patches, batch_sampler=Order(recipe.steps, recipe.batch), num_workers=1, prefetch_factor=4
        )

    start = time.perf_counter()
    for batch in loader():
        learner.learn(batch)
    ours = time.perf_counter() - start
    theirs = plain_loop(original, loader(), recipe)
    table = Table("", "steps/s", "validation PSNR, dB")
    for name, network, spent in (("the recipe", learner.plain, ours), ("the plain loop", original, theirs)):
        psnr = validator.score(network, pictures)["psnr"]
        table.add_row(name, f"{arguments.steps / spent:.2f}", f"{psnr:.2f}")
    Console().print(table)
    print(f"{theirs / ours:.2f} times as many steps a second")


if __name__ == "__main__":
    main()
