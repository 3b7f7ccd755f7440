"""Super-resolution by a loss on features, and its colours brought back by histograms (Johnson et al., arXiv:1603.08155).

Set5, four times smaller by the rule of MATLAB's imresize, and enlarged again: bicubically, by the models that come with Beholder,
and with the colours of the enlarged input given to the result. Prints PSNR on luma beside what is published of other networks,
LPIPS, DISTS, and how far the mean colour has moved: CIEDE2000 between the mean colours of the result and of the original.

    python experiments/super_resolution.py SET5
    python experiments/super_resolution.py SET5 --photographs BSDS500/train          # and a loss on features alone, 100 steps
    python experiments/super_resolution.py SET5 --photographs BSDS500/train --full   # and the models themselves trained anew

SET5 is the folder of its five pictures.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from beholder.metrics.ciede2000 import ciede2000_map
from beholder.networks.enlarging import enlarge
from beholder.ops.lab import rgb_to_lab
from beholder.spec import UsageError
from beholder.training.restoring import Match, Restorer
from published import (
    as_stored,
    build_parser,
    find_pictures,
    learn,
    mean_scores,
    print_table,
    read_pairs,
    run,
    short_run,
)

METRICS = ("psnr_y:border=4", "lpips_alex", "dists")
PUBLISHED = {"bicubic": 28.42, "SRCNN": 30.48, "FSRCNN": 30.71, "SRResNet": 32.05}
"""PSNR on luma, Set5, four times, as the papers tell."""
MATCHES: tuple[Match, ...] = ("none", "rgb", "lab")


def colour_shift(restored: Tensor, clean: Tensor) -> float:
    """CIEDE2000 between the mean colours of two pictures, the means being taken in CIELAB."""
    means = [rgb_to_lab(picture).mean((-2, -1), keepdim=True) for picture in (restored, clean)]
    return ciede2000_map(*means).item()


def through(model: str | Path, match: Match) -> Callable[[Tensor], Tensor]:
    """A model as what makes a picture of shape (1, 3, H, W) out of one."""
    restorer = Restorer(model, match=match)
    return lambda x: restorer.restore(x[0])[None] / 255


def train_features(photographs: Path, folder: Path, steps: int) -> Path:
    """`sr-x4`, gone on with features of VGG-16 alone."""
    own = short_run("features of VGG-16 alone", photographs, steps=steps, batch=4, patch=96)
    own.append("loss.terms={features: 'content:layers=relu2_2'}")
    return learn("sr-x4", own, folder / "features")


def collect_models(told: argparse.Namespace) -> dict[str, str | Path]:
    """Head of the row -> model."""
    if told.photographs is None:
        if told.full:
            raise UsageError("--full trains; expected --photographs, a folder of photographs to learn from.")
        return {"`sr-x4`": "sr-x4", "`sr-x4-perceptual`": "sr-x4-perceptual"}
    models: dict[str, str | Path] = {"`sr-x4`": "sr-x4", "`sr-x4-perceptual`": "sr-x4-perceptual"}
    if told.full:
        data = [f"data.train={told.photographs}"]
        pixels = learn("sr-x4", data, told.folder / "sr-x4")
        start = [*data, f"start_from={pixels}"]
        models["`sr-x4`, anew"] = pixels
        models["`sr-x4-perceptual`, anew"] = learn(
            "sr-x4-perceptual", start, told.folder / "sr-x4-perceptual"
        )
    steps = told.steps or (3000 if told.full else 100)
    models["`sr-x4`, then features alone"] = train_features(told.photographs, told.folder, steps)
    return models


def score(restore: Callable[[Tensor], Tensor], paths: list[Path], told: str) -> list[str]:
    """The cells of a row."""
    pairs = list(read_pairs(paths, "shrink:scale=4", multiple=4))
    found = mean_scores(restore, iter(pairs), METRICS, total=len(pairs), told=told)
    with torch.inference_mode():
        shifts = [colour_shift(as_stored(restore(small)), clean) for small, clean in pairs]
    psnr, *others = found.values()
    return [f"{psnr:.2f}", *(f"{other:.4f}" for other in others), f"{sum(shifts) / len(shifts):.3f}"]


def read_arguments() -> argparse.Namespace:
    parser = build_parser(__doc__)
    parser.add_argument("set5", type=Path, help="folder of the pictures that are enlarged")
    parser.add_argument("--photographs", type=Path, help="folder of photographs to learn from")
    parser.add_argument("--folder", type=Path, default=Path("runs/super_resolution"))
    parser.add_argument("--steps", type=int, help="steps with features alone")
    parser.add_argument("--full", action="store_true", help="train anew: hours on two cores")
    return parser.parse_args()


def main() -> None:
    """Enlarge, score, print."""
    told = read_arguments()
    paths = find_pictures(told.set5)
    rows: dict[str, list[str | None]] = {
        "bicubic": [f"{PUBLISHED['bicubic']:.2f}", *score(lambda x: enlarge(x, 4), paths, "bicubic")]
    }
    for name in ("SRCNN", "FSRCNN", "SRResNet"):
        rows[name] = [f"{PUBLISHED[name]:.2f}", None, None, None, None]
    for head, model in collect_models(told).items():
        for match in MATCHES:
            title = head if match == "none" else f"{head}, `--match-histogram {match}`"
            rows[title] = [None, *score(through(model, match), paths, title)]
    columns = ["published PSNR-Y", "PSNR-Y", "LPIPS alex", "DISTS", "colour shift, CIEDE2000 of means"]
    print_table(f"{len(paths)} pictures, 4 times:", columns, rows)


if __name__ == "__main__":
    run(main)
