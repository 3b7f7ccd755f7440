"""The picture of docs/super-resolution.md: details of shipped photographs, shrunk 4 times and enlarged again.

Usage: python experiments/super_resolution_pictures.py [--folder docs/super-resolution]
"""

from __future__ import annotations

from pathlib import Path

import torch

from beholder.catalog import create_degradation, create_metric
from beholder.data.photos import PHOTOS
from beholder.images import eight_bit
from beholder.training.model_file import load_model
from beholder.training.shipped import find_model
from beholder.training.validating import Enlarger
from deblocking_pictures import SIDE, sheet
from published import build_parser, run

DETAILS = {"astronaut": (20, 170), "chelsea": (80, 130), "coffee": (110, 200)}


def main() -> None:
    parser = build_parser(__doc__)
    parser.add_argument("--folder", type=Path, default=Path("docs/super-resolution"))
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    shrink = create_degradation("shrink:scale=4")
    enlargers = {"bicubic": Enlarger(4)}
    enlargers |= {name: load_model(find_model(name))[0] for name in ("sr-x4", "sr-x4-perceptual")}
    metrics = [create_metric(name) for name in ("psnr_y:border=4", "lpips_alex")]
    rows = []
    with torch.inference_mode():
        for photo in PHOTOS:
            if photo.name not in DETAILS:
                continue
            levels = (photo.load() * 255).round().to(torch.uint8)
            small = shrink(levels, torch.Generator())[None]
            height, width = (4 * side for side in small.shape[-2:])
            clean = levels[None, :, :height, :width] / 255
            top, left = DETAILS[photo.name]
            area = (slice(top, top + SIDE), slice(left, left + SIDE))
            cells = [("original", eight_bit(clean[0])[area])]
            for name, enlarger in enlargers.items():
                large = enlarger(small).clamp(0, 1)
                psnr, lpips = (metric(large, clean).item() for metric in metrics)
                cells.append((f"{name}: {psnr:.2f} dB, {lpips:.3f}", eight_bit(large[0])[area]))
            rows.append(cells)
    sheet(rows, folder / "details.webp")


if __name__ == "__main__":
    run(main)
