"""Losses one by one: the same network, start, pictures and steps; which loss buys what.

The network `sr-x4` goes on learning to enlarge four times, each time by another loss of the survey of Wang, Chen and Hoi
(arXiv:1902.06068). A loss that says too little alone goes with L1, and pulls at the output with the share of L1's force that
is told (`loss.balance: gradient`). Prints seven metrics on photographs that were not learned from. A run lies in a folder of its
own; what has ended is not done again, what was interrupted goes on.

    python experiments/losses.py BSDS500                      # 200 steps each, 10 details of 192x192
    python experiments/losses.py BSDS500 --full               # 3,000 steps each, 100 whole photographs
    python experiments/losses.py BSDS500 --only l1,l2 --folder runs/losses

BSDS500 is a folder with the folders train and val.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path

from beholder.networks.enlarging import enlarge
from beholder.spec import UsageError
from beholder.training.model_file import load_model
from beholder.training.shipped import find_model
from published import (
    build_parser,
    find_pictures,
    learn,
    mean_scores,
    print_table,
    read_pairs,
    run,
    short_run,
)

METRICS = ("psnr_y:border=4", "ssim", "ms_ssim", "haarpsi", "lpips_alex", "lpips_vgg", "dists")
DIGITS = (2, 4, 4, 4, 4, 4, 4)
LOSSES: dict[str, tuple[str, str, float]] = {
    "l1": ("pixels", "l1", 0),
    "l2": ("pixels", "l2", 0),
    "charbonnier": ("pixels", "charbonnier", 0),
    "ssim": ("structure", "ssim", 0),
    "edges": ("edge-preserving", "edges", 1),
    "total_variation": ("total variation", "total_variation", 0.1),
    "shrunk": ("cycle consistency", "shrunk", 1),
    "content": ("content", "content:layers=relu2_2", 1),
    "gram": ("texture", "gram:layers=relu1_2+relu2_2", 1),
    "contextual": ("contextual", "contextual:layers=relu2_2:bandwidth=0.1", 1),
    "adversarial": ("adversarial, least squares", "", 1),
    "lpips_alex": ("learned distance", "lpips_alex", 1),
}
"""Name -> family in the survey, the loss, and with what share of L1's force it goes with L1; 0 is alone."""


@dataclasses.dataclass(frozen=True)
class Size:
    """How much is computed."""

    steps: int
    batch: int
    patch: int
    pictures: int
    crop: int | None


SMALL = Size(steps=200, batch=4, patch=64, pictures=10, crop=192)
FULL = Size(steps=3000, batch=8, patch=128, pictures=100, crop=None)


def settings(name: str, photographs: Path, size: Size) -> list[str]:
    """What the run of a loss has in place of what the recipe of `sr-x4` says."""
    _, request, share = LOSSES[name]
    train = photographs / "train"
    own = short_run(name, train, steps=size.steps, batch=size.batch, patch=size.patch)
    own.append(f"data.validation={photographs / 'val'}")
    if not share:
        return [*own, f"loss.terms={{pixels: '{request}'}}"]
    if not request:
        critic = f"{{discriminator: patchgan, kind: least_squares, weight: {share}}}"
        return [*own, "loss.terms={pixels: l1}", "loss.balance=gradient", f"adversary={critic}"]
    terms = f"{{pixels: l1, other: '{request}'}}"
    return [
        *own,
        f"loss.terms={terms}",
        f"loss.weights={{pixels: 1, other: {share}}}",
        "loss.balance=gradient",
    ]


def score(model: Path | None, photographs: Path, size: Size, kept: Path) -> dict[str, float]:
    """A model's scores, or those of bicubic enlarging; computed once, and kept in a file."""
    if not kept.exists():
        paths = find_pictures(photographs / "val", size.pictures)
        pairs = read_pairs(paths, "shrink:scale=4", crop=size.crop, multiple=4)
        network = (lambda x: enlarge(x, 4)) if model is None else load_model(model)[0]
        scores = mean_scores(network, pairs, METRICS, total=len(paths), told=f"scoring {kept.parent.name}")
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(scores), encoding="utf-8")
    return {metric: float(value) for metric, value in json.loads(kept.read_text(encoding="utf-8")).items()}


def read_arguments() -> argparse.Namespace:
    parser = build_parser(__doc__)
    parser.add_argument("photographs", type=Path, help="folder with the folders train and val")
    parser.add_argument("--folder", type=Path, default=Path("runs/losses"), help="where the runs lie")
    parser.add_argument("--only", default=",".join(LOSSES), help="losses, separated by commas")
    parser.add_argument("--full", action="store_true", help="3,000 steps each: days on two cores")
    parser.add_argument("--steps", type=int, help="steps of each run")
    parser.add_argument("--pictures", type=int, help="photographs that are scored")
    return parser.parse_args()


def main() -> None:
    """Learn by each loss, score, print."""
    told = read_arguments()
    names = told.only.split(",")
    if unknown := set(names) - set(LOSSES):
        raise UsageError(
            f"--only names {', '.join(sorted(unknown))}; expected some of {', '.join(LOSSES)}, separated by commas."
        )
    size = FULL if told.full else SMALL
    size = dataclasses.replace(size, steps=told.steps or size.steps, pictures=told.pictures or size.pictures)
    file = f"scores-{size.pictures}-{size.crop}.json"
    rows: dict[str, tuple[str, dict[str, float]]] = {}
    for head, model in {"bicubic": None, "`sr-x4`, before": find_model("sr-x4")}.items():
        kept = told.folder / ("bicubic" if model is None else "before") / file
        rows[head] = ("", score(model, told.photographs, size, kept))
    for name in names:
        family, _, share = LOSSES[name]
        head = f"`l1` + {share:g} `{name}`" if share else f"`{name}`"
        model = learn("sr-x4", settings(name, told.photographs, size), told.folder / name)
        rows[head] = (family, score(model, told.photographs, size, told.folder / name / file))
    print_table(
        f"{size.steps} steps of {size.batch} patches of {size.patch}x{size.patch}, {size.pictures} photographs:",
        ["family", *METRICS],
        {
            head: [
                family,
                *(f"{scores[name]:.{digits}f}" for name, digits in zip(METRICS, DIGITS, strict=True)),
            ]
            for head, (family, scores) in rows.items()
        },
    )


if __name__ == "__main__":
    run(main)
