"""Pull a noisy photograph towards the clean one by the gradient of each differentiable metric, and show what comes out.

50 steps of Adam from the same noisy detail; a metric passes when at most 5% of the steps make its own score worse and
nothing turns to NaN. Prints a table; writes the pictures side by side into one file, and a page that shows it.

Usage: python benchmarks/gallery.py [--steps N] [--side N] [--folder docs/gallery] [METRIC ...]
"""

from __future__ import annotations

import argparse
import itertools
import math
import time
from pathlib import Path

import torch
from PIL import Image, ImageDraw, ImageFont
from rich.console import Console
from rich.progress import track
from rich.table import Table
from torch import Tensor

import beholder
from beholder.catalog import METRICS, describe_metric
from beholder.data.degradations import add_noise
from beholder.data.photos import PHOTOS
from beholder.images import eight_bit
from beholder.spec import BeholderError

SLIPS_ALLOWED = 0.05
PAGE = """# What each gradient makes of noise

A detail of a photograph (astronaut, NASA, public domain) with Gaussian noise of 0.1, pulled towards the clean one by {steps} steps
of Adam on each metric alone. A step is worse when it makes the metric's own score worse; a score beyond that of equal pictures,
which ADM and VIF give to more contrast, counts as that of equal pictures. Metrics that see grey leave the
colour of the noise; those that pool widely, or forgive shifts, leave more of it than pixel errors do: a score that
improves is not yet a picture that does. Written by `benchmarks/gallery.py`.

![The clean detail, the noisy one, and what each metric made of it](descent.webp)

| metric | before | after | worse steps | PSNR, dB |
| --- | --- | --- | --- | --- |
{rows}
"""
_COLUMNS = 6
_LABEL = 34


def descend(name: str, noisy: Tensor, clean: Tensor, steps: int) -> tuple[Tensor, list[float]]:
    """The picture after the steps, shape (1, 3, H, W), and the score before each step and after the last."""
    metric = beholder.create_metric(name)
    sign = -1.0 if metric.spec.direction == "higher" else 1.0
    # Some rise above the score of equal pictures where contrast does; there is nothing to be had beyond it.
    best = metric.spec.best

    def bounded(score: Tensor) -> Tensor:
        return score.clamp_max(best) if sign < 0 else score.clamp_min(best)

    x = noisy.clone().requires_grad_()
    optimiser = torch.optim.Adam([x], lr=0.004)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps, eta_min=0.0004)
    scores = []
    for _ in range(steps):
        optimiser.zero_grad()
        score = bounded(metric(x, clean).sum())
        scores.append(score.item())
        (sign * score).backward()
        optimiser.step()
        schedule.step()
        with torch.no_grad():
            x.clamp_(0, 1)
    with torch.no_grad():
        scores.append(bounded(metric(x, clean)).item())
    return x.detach(), scores


def slips(scores: list[float], direction: str) -> int:
    """Steps that made the score worse."""
    pairs = itertools.pairwise(scores)
    return sum((after < before) if direction == "higher" else (after > before) for before, after in pairs)


def contact_sheet(tiles: list[tuple[str, Tensor]], side: int) -> Image.Image:
    rows = math.ceil(len(tiles) / _COLUMNS)
    sheet = Image.new("RGB", (_COLUMNS * side, rows * (side + _LABEL)), "white")
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(size=13)
    for place, (label, picture) in enumerate(tiles):
        left, top = place % _COLUMNS * side, place // _COLUMNS * (side + _LABEL)
        sheet.paste(Image.fromarray(eight_bit(picture[0])), (left, top))
        draw.multiline_text((left + 3, top + side + 1), label, "black", font=font, spacing=1)
    return sheet


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--side", type=int, default=192)
    parser.add_argument("--folder", type=Path, default=Path("docs/gallery"))
    parser.add_argument("metrics", nargs="*")
    arguments = parser.parse_args()
    names = arguments.metrics or [
        name for name, entry in METRICS.items() if not entry.subject and describe_metric(name).differentiable
    ]
    clean = next(photo for photo in PHOTOS if photo.name == "astronaut").detail(arguments.side)[None]
    noisy = add_noise(clean[0], 0.1, seed=0)[None]
    tiles = [("clean", clean), ("noisy", noisy)]
    table = Table("metric", "before", "after", "worse steps", "PSNR, dB", "s", "")
    failures, lines = 0, []
    for name in track(names, description="descending"):
        start = time.perf_counter()
        try:
            picture, scores = descend(name, noisy, clean, arguments.steps)
        except BeholderError as error:
            table.add_row(name, "", "", "", "", "", f"left out: {str(error).partition('.')[0]}")
            continue
        spent = time.perf_counter() - start
        worse = slips(scores, describe_metric(name).direction)
        good = all(map(math.isfinite, scores)) and worse <= SLIPS_ALLOWED * arguments.steps
        failures += not good
        psnr = -10 * math.log10((picture - clean).square().mean().item())
        told = (f"{scores[0]:.4f}", f"{scores[-1]:.4f}", str(worse), f"{psnr:.2f}", f"{spent:.1f}")
        table.add_row(name, *told, "" if good else "FAILS")
        lines.append(f"| `{name}` | " + " | ".join(told[:-1]) + " |")
        tiles.append((f"{name}\n{told[0]} to {told[1]}", picture))
    Console().print(table)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    contact_sheet(tiles, arguments.side).save(arguments.folder / "descent.webp", quality=80, method=6)
    (arguments.folder / "README.md").write_text(PAGE.format(steps=arguments.steps, rows="\n".join(lines)))
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
