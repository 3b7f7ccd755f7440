"""JPEG deblocking with losses on pixels, on features and on both: the experiment of yydlmzyz/Feature-losses-for-image-deblocking.

The network L8 (Svoboda et al., arXiv:1605.00366) takes the blocks out of JPEGs of quality 10. Prints PSNR, SSIM and LPIPS of what
it makes of photographs that were not learned from, beside the published figures and those of the original's own weights.

    python experiments/deblocking.py BSDS500                  # the models that come with Beholder, 100 photographs
    python experiments/deblocking.py BSDS500 --pictures 10
    python experiments/deblocking.py BSDS500 --full           # trains the four anew by the recipes that come with Beholder

BSDS500 is a folder with the folders train and val. A run lies in a folder of its own; what has ended is not done again.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from torch import nn

from beholder.training.model_file import load_model
from beholder.training.shipped import find_model
from published import build_parser, find_pictures, learn, mean_scores, print_table, read_pairs, run

METRICS = ("psnr", "ssim:channel=rgb:border=zero", "lpips_alex")
MODELS = {
    "pretrained": "deblock-l8-q10",
    "feature loss only": "deblock-l8-q10-features",
    "pixel loss only": "deblock-l8-q10-pixels",
    "both": "deblock-l8-q10-both",
}
PUBLISHED = {
    "JPEG, quality 10": (25.6128, 0.7395),
    "pretrained": (26.8396, 0.7792),
    "feature loss only": (25.7601, 0.7304),
    "pixel loss only": (26.8711, 0.7815),
    "both": (26.5565, 0.7726),
}
"""PSNR and SSIM on the 200 photographs of BSDS500's test part, as the original's repository tells."""
THEIR_WEIGHTS = {
    "JPEG, quality 10": (25.728, 0.7324, 0.3226),
    "pretrained": (26.861, 0.7635, 0.3184),
    "feature loss only": (25.708, 0.7132, 0.2701),
    "pixel loss only": (26.875, 0.7658, 0.3139),
    "both": (26.485, 0.7557, 0.2770),
}
"""PSNR, SSIM and LPIPS of the original's published weights on the 100 photographs of its validation part; measured once."""


def train_anew(photographs: Path, folder: Path, overrides: Sequence[str]) -> dict[str, Path]:
    """The four models by their recipes, the last three from the first."""
    data = [f"data.train={photographs / 'train'}", f"data.validation={photographs / 'val'}", *overrides]
    first = MODELS["pretrained"]
    made = {"pretrained": learn(first, data, folder / first)}
    for title, name in list(MODELS.items())[1:]:
        made[title] = learn(name, [*data, f"start_from={made['pretrained']}"], folder / name)
    return made


def cells(scores: Sequence[float], before: Sequence[float]) -> list[str]:
    """PSNR with what was gained, then the others."""
    gained = "" if scores[0] == before[0] else f" ({scores[0] - before[0]:+.2f})"
    return [f"{scores[0]:.3f}{gained}", *(f"{score:.4f}" for score in scores[1:])]


def read_arguments() -> argparse.Namespace:
    parser = build_parser(__doc__)
    parser.add_argument("photographs", type=Path, help="folder with the folders train and val")
    parser.add_argument("--folder", type=Path, default=Path("runs/deblocking"), help="where the runs lie")
    parser.add_argument("--pictures", type=int, default=100, help="photographs that are scored")
    parser.add_argument("--full", action="store_true", help="train anew: hours on two cores")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="change the recipes of --full"
    )
    return parser.parse_args()


def main() -> None:
    """Restore, score, print."""
    told = read_arguments()
    if told.full:
        files = train_anew(told.photographs, told.folder, told.set)
    else:
        files = {title: find_model(name) for title, name in MODELS.items()}
    restorers: dict[str, nn.Module] = {"JPEG, quality 10": nn.Identity()}
    restorers |= {title: load_model(file)[0] for title, file in files.items()}
    paths = find_pictures(told.photographs / "val", told.pictures)
    scores = {}
    for title, restore in restorers.items():
        pairs = read_pairs(paths, "jpeg:quality=10")
        scores[title] = list(mean_scores(restore, pairs, METRICS, total=len(paths), told=title).values())
    rows = {}
    first = "JPEG, quality 10"
    for title, found in scores.items():
        published = cells(PUBLISHED[title], PUBLISHED[first])
        theirs = cells(THEIR_WEIGHTS[title], THEIR_WEIGHTS[first])
        rows[title] = [*published, *theirs, *cells(found, scores[first])]
    print_table(
        f"Published on 200 photographs for test; its weights on 100 for validation; ours on {len(paths)} of these:",
        [
            *("published PSNR", "SSIM", "its weights: PSNR", "SSIM", "LPIPS"),
            *("ours: PSNR", "SSIM", "LPIPS"),
        ],
        rows,
    )


if __name__ == "__main__":
    run(main)
