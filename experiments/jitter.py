"""The jittered-crops experiment of the contextual loss's paper, in small: L1 blurs, the contextual loss does not.

A network of five layers learns to take the noise out of one picture. Its targets are clean, but each is cut some pixels off,
anew at every step. Prints LPIPS and PSNR of what it learns with each loss; writes the pictures side by side.

Usage: python experiments/jitter.py [--steps N] [--side N] [--jitter PIXELS] [--page docs/jitter.md]
"""

from __future__ import annotations

import itertools
import time
from pathlib import Path

import torch
from PIL import Image
from rich.console import Console
from rich.progress import track
from rich.table import Table
from torch import Tensor, nn

import beholder
from beholder.data.degradations import add_noise
from beholder.data.photos import PHOTOS
from beholder.images import eight_bit
from beholder.losses import WeightedSum
from published import build_parser, run

LOSSES: dict[str, list[str]] = {
    "L1": ["l1"],
    "contextual": ["contextual:layers=relu1_2+relu2_2+relu3_2:bandwidth=0.1:sample=3000"],
}
METRICS = ("lpips_alex", "lpips_vgg", "psnr")
SIGMA = 0.15
PAGE = """# Targets that do not line up: L1 blurs, the contextual loss does not

The experiment of Mechrez et al. (ECCV 2018, arXiv:1803.02077) in small. A network of five convolutions learns to take the noise out
of one picture ({side}x{side}, astronaut, NASA, public domain; Gaussian noise of {sigma}). Its targets are clean, but each is cut
up to {jitter} pixels off in either direction, anew at each of {steps} steps. What L1 likes best of such targets is their
average, a blur. The contextual loss asks only that each feature of the target be found somewhere, and keeps edges; its network
leaves some grain, since what is found elsewhere in the picture is not missed here.

![Clean, noisy, learned with L1, learned with the contextual loss](jitter.webp)

| | LPIPS alex | LPIPS vgg | PSNR, dB |
| --- | --- | --- | --- |
{rows}

LPIPS against the clean picture: lower is better. PSNR, which L1 comes close to optimising, prefers the blur. Losses:
{losses}. Written by `experiments/jitter.py --page docs/jitter.md`. Threads add in another order each time, so a run
differs from the next: three gave the contextual loss 0.245, 0.254 and 0.260 by LPIPS alex.
"""


class Denoiser(nn.Module):
    """Five convolutions that add to the picture."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        widths = [3, *[width] * 4, 3]
        layers: list[nn.Module] = []
        for before, after in itertools.pairwise(widths):
            layers += [nn.Conv2d(before, after, 3, padding=1, padding_mode="replicate"), nn.ReLU()]
        self.layers = nn.Sequential(*layers[:-1])

    def forward(self, x: Tensor) -> Tensor:
        """The picture without its noise."""
        added: Tensor = self.layers(x)
        return x + added


def learn(names: list[str], noisy: Tensor, wide: Tensor, jitter: int, steps: int) -> Tensor:
    """What the network makes of the noisy picture after some steps against clean, shifted ones."""
    torch.manual_seed(0)
    network, loss = Denoiser(), WeightedSum(names)
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    draw = torch.Generator().manual_seed(0)
    side = noisy.shape[-1]
    for _ in track(range(steps), description=names[0], console=Console(stderr=True)):
        top, left = torch.randint(2 * jitter + 1, (2,), generator=draw).tolist()
        optimiser.zero_grad()
        loss(network(noisy), wide[..., top : top + side, left : left + side]).backward()
        optimiser.step()
        schedule.step()
    with torch.no_grad():
        restored: Tensor = network(noisy).clamp(0, 1)
    return restored


def compare(steps: int, side: int, jitter: int) -> tuple[dict[str, Tensor], dict[str, float]]:
    """The clean and the noisy picture and what is learned with each loss, and the seconds that each took."""
    wide = next(photo for photo in PHOTOS if photo.name == "astronaut").detail(side + 2 * jitter)[None]
    inner = slice(jitter, side + jitter)
    clean = wide[..., inner, inner]
    noisy = add_noise(clean[0], SIGMA, seed=0)[None]
    shown, spent = {"clean": clean, "noisy input": noisy}, {}
    for label, names in LOSSES.items():
        start = time.perf_counter()
        shown[label] = learn(names, noisy, wide, jitter, steps)
        spent[label] = time.perf_counter() - start
    return shown, spent


def score(shown: dict[str, Tensor]) -> dict[str, list[str]]:
    """Scores of all pictures but the first, against the first."""
    clean, *_ = shown.values()
    metrics = [beholder.create_metric(name) for name in METRICS]
    with torch.inference_mode():
        return {
            label: [f"{metric(picture, clean).item():.4f}" for metric in metrics]
            for label, picture in list(shown.items())[1:]
        }


def main() -> None:
    parser = build_parser(__doc__)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--side", type=int, default=128)
    parser.add_argument("--jitter", type=int, default=6)
    parser.add_argument("--page", type=Path)
    arguments = parser.parse_args()
    shown, spent = compare(arguments.steps, arguments.side, arguments.jitter)
    table, rows = Table("", *METRICS, "s"), []
    for label, scores in score(shown).items():
        table.add_row(label, *scores, f"{spent[label]:.0f}" if label in spent else "")
        rows.append(f"| {label} | " + " | ".join(scores) + " |")
    Console().print(table)
    sheet = torch.cat([picture[0] for picture in shown.values()], -1)
    enlarged = torch.nn.functional.interpolate(sheet[None], scale_factor=2, mode="nearest")[0]
    if arguments.page:
        Image.fromarray(eight_bit(enlarged)).save(arguments.page.with_suffix(".webp"), quality=85, method=6)
        named = ", ".join(f"{label} `{' + '.join(names)}`" for label, names in LOSSES.items())
        page = PAGE.format(**vars(arguments), sigma=SIGMA, rows="\n".join(rows), losses=named)
        arguments.page.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    run(main)
