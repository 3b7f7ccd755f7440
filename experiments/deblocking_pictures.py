"""The pictures of docs/deblocking.md, from the shipped models and photographs, and the curves, from runs.

Three details of photographs, JPEG quality 10, restored by the models trained on pixels, on features and on both; a bright
detail whose values above 1 wrap round when they are cast to 8 bits without clamping, and clamped; the validation of runs
named LOSS-SEED (``pixels-0``, ``both-0``, ``pixels-1`` ...), which differ by loss and seed alone.

Usage: python experiments/deblocking_pictures.py [--runs FOLDER] [--folder docs/deblocking]
"""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import matplotlib as mpl
import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor, nn
from torch.nn import functional

from beholder.catalog import create_degradation, create_metric
from beholder.data.photos import PHOTOS
from beholder.images import eight_bit
from beholder.training.model_file import load_model
from beholder.training.shipped import find_model
from published import build_parser, run

mpl.use("agg")
import matplotlib.pyplot as plt

MODELS = {
    "pixels": "deblock-l8-q10-pixels",
    "features": "deblock-l8-q10-features",
    "both": "deblock-l8-q10-both",
}
DETAILS = {"astronaut": (20, 170), "chelsea": (80, 130), "coffee": (110, 200)}
SIDE, ZOOM, LABEL = 112, 2, 20
COLOURS = {"pixels": "#1b6ca8", "both": "#d1495b"}


def degrade(name: str) -> tuple[Tensor, Tensor]:
    """A photograph after JPEG quality 10, and as it was, each of shape (1, 3, H, W), in [0, 1]."""
    clean = next(photo for photo in PHOTOS if photo.name == name).load()
    levels = (clean * 255).round().to(torch.uint8)
    blocky = create_degradation("jpeg:quality=10")(levels, torch.Generator())
    return blocky[None], clean[None]


def sheet(rows: list[list[tuple[str, np.ndarray]]], path: Path) -> None:
    """Pictures in rows, each with its label below, enlarged without smoothing."""
    side = SIDE * ZOOM
    canvas = Image.new("RGB", (len(rows[0]) * side, len(rows) * (side + LABEL)), "white")
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(size=13)
    for row, cells in enumerate(rows):
        for column, (label, picture) in enumerate(cells):
            left, top = column * side, row * (side + LABEL)
            shown = Image.fromarray(picture).resize((side, side), Image.Resampling.NEAREST)
            canvas.paste(shown, (left, top))
            draw.text((left + 3, top + side + 2), label, "black", font=font)
    canvas.save(path, quality=88, method=6)
    print(f"wrote {path}")


def draw_details(networks: dict[str, nn.Module], path: Path) -> None:
    metrics = {name: create_metric(name) for name in ("psnr", "lpips_alex")}
    rows = []
    for name, (top, left) in DETAILS.items():
        blocky, clean = degrade(name)
        made = {"JPEG, quality 10": blocky}
        made |= {title: network(blocky).clamp(0, 1) for title, network in networks.items()}
        area = (slice(top, top + SIDE), slice(left, left + SIDE))
        cells = [("original", eight_bit(clean[0])[area])]
        for title, picture in made.items():
            psnr, lpips = (metric(picture, clean).item() for metric in metrics.values())
            cells.append((f"{title}: {psnr:.2f} dB, {lpips:.3f}", eight_bit(picture[0])[area]))
        rows.append(cells)
    sheet(rows, path)


def draw_white(networks: dict[str, nn.Module], path: Path, name: str) -> None:
    """What the noise in white areas is: values above 1 that wrap round, where they are most."""
    blocky, clean = degrade(name)
    rows = []
    for title, network in networks.items():
        levels = (network(blocky)[0] * 255).permute(1, 2, 0).numpy()
        wrapped = levels.astype(np.int64).astype(np.uint8)
        clamped = np.clip(levels.round(), 0, 255).astype(np.uint8)
        beyond = ((levels >= 256) | (levels < 0)).any(-1)
        counts = functional.avg_pool2d(torch.from_numpy(beyond)[None].float(), SIDE, 8)[0]
        top, left = (8 * int(place) for place in np.unravel_index(int(counts.argmax()), counts.shape))
        area = (slice(top, top + SIDE), slice(left, left + SIDE))
        truth = eight_bit(clean[0]).astype(float)
        told = [10 * np.log10(255**2 / np.square(each - truth).mean()) for each in (wrapped, clamped)]
        print(
            f"{name}, {title}: {beyond.mean():.3%} of pixels wrap; {told[0]:.2f} dB wrapped, {told[1]:.2f} dB clamped"
        )
        rows.append(
            [
                ("original", eight_bit(clean[0])[area]),
                (f"{title}, cast: {told[0]:.2f} dB", wrapped[area]),
                (f"{title}, clamped, rounded: {told[1]:.2f} dB", clamped[area]),
            ]
        )
    sheet(rows, path)


def draw_curves(runs: Path, path: Path) -> None:
    """Validation against steps, mean and range over the seeds."""
    found: dict[str, list[list[dict[str, str]]]] = defaultdict(list)
    for file in sorted(runs.glob("*-[0-9]*/validation.csv")):
        with file.open(newline="", encoding="utf-8") as opened:
            rows = [row for row in csv.DictReader(opened) if int(row["step"])]  # step 0 is the JPEG itself
            found[file.parent.name.rpartition("-")[0]].append(rows)
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    for axis, (metric, label) in zip(axes, (("psnr", "PSNR, dB"), ("lpips_alex", "LPIPS")), strict=True):
        for loss, seeds in found.items():
            steps = [int(row["step"]) for row in seeds[0]]
            scores = np.array([[float(row[metric]) for row in rows] for rows in seeds])
            axis.plot(steps, scores.mean(0), color=COLOURS[loss], label=f"{loss}, {len(seeds)} seeds")
            axis.fill_between(steps, scores.min(0), scores.max(0), color=COLOURS[loss], alpha=0.25, lw=0)
            for step, each in zip(steps, scores.T, strict=True):
                print(f"{loss} {metric} at {step}: {each.mean():.4f} ({each.min():.4f} to {each.max():.4f})")
        axis.set(xlabel="steps", ylabel=label)
        axis.grid(alpha=0.3)
    axes[0].legend()
    figure.savefig(path)
    print(f"wrote {path}")


def main() -> None:
    parser = build_parser(__doc__)
    parser.add_argument("--runs", type=Path)
    parser.add_argument("--folder", type=Path, default=Path("docs/deblocking"))
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    networks = {title: load_model(find_model(name))[0] for title, name in MODELS.items()}
    with torch.inference_mode():
        draw_details(networks, arguments.folder / "details.webp")
        bright = {title: networks[title] for title in ("features", "both")}
        draw_white(bright, arguments.folder / "white.webp", "china")
    if arguments.runs:
        draw_curves(arguments.runs, arguments.folder / "curves.svg")


if __name__ == "__main__":
    run(main)
