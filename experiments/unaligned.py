"""Trained on clean pictures that lie some pixels off: how much detail L1 and the contextual loss leave.

The same small network, steps and patches for both; four photographs that installed packages ship.
Usage: python experiments/unaligned.py [--steps N]
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch
from torch import Tensor

from beholder.catalog import create_metric
from beholder.data.photos import PHOTOS
from beholder.images import save_picture
from beholder.training.model_file import load_model
from beholder.training.reading import read_recipe
from beholder.training.run import train
from beholder.training.shipped import find_recipe
from published import build_parser, run

LOSSES = {"l1": "l1", "contextual": "contextual:layers=relu1_2+relu2_2"}
SIGMA = 0.05
SETTINGS = (
    "network=compact:width=16:blocks=2:unshuffle=1",
    f"data.degradation=noise:sigma={SIGMA}",
    "data.offset=2",
    "data.patch=32",
    "data.workers=0",
    "batch=4",
    "optimiser.rate=0.003",
    "average=0.99",
    "validation.select=last",
)


def details(x: Tensor) -> Tensor:
    """Differences to the four neighbours."""
    across = x[..., 1:-1, :-2] + x[..., 1:-1, 2:]
    return 4 * x[..., 1:-1, 1:-1] - across - x[..., :-2, 1:-1] - x[..., 2:, 1:-1]


def detail_left(x: Tensor, clean: Tensor) -> float:
    """Share of the clean picture's detail that is in x: 1 for itself; noise, which goes with nothing, adds none."""
    wanted = details(clean)
    return ((details(x) * wanted).sum() / wanted.square().sum()).item()


def main() -> None:
    parser = build_parser(__doc__)
    parser.add_argument("--steps", type=int, default=200)
    steps = parser.parse_args().steps
    clean = PHOTOS[0].detail(192)[None]
    noise = SIGMA * torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))
    noisy = (clean + noise).clamp(0, 1)
    metrics = {name: create_metric(name) for name in ("lpips_alex", "psnr")}
    rows = {"input": noisy}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "photographs").mkdir()
        for photo in PHOTOS[:4]:
            save_picture(photo.detail(192), folder / "photographs" / f"{photo.name}.png")
        for loss, request in LOSSES.items():
            own = [f"data.train={folder / 'photographs'}", f"loss.terms={{{loss}: '{request}'}}"]
            recipe = read_recipe(find_recipe("unaligned"), [*own, *SETTINGS, f"steps={steps}"])
            network, _ = load_model(train(recipe, folder / loss))
            with torch.no_grad():
                rows[loss] = network(noisy).clamp(0, 1)
    for loss, picture in rows.items():
        scores = ", ".join(f"{name} {metric(picture, clean).item():.3f}" for name, metric in metrics.items())
        print(f"{loss}: detail left {detail_left(picture, clean):.2f}, {scores}")


if __name__ == "__main__":
    run(main)
