"""The contextual loss where targets do not line up (Mechrez et al., ECCV 2018, arXiv:1803.02077), in small.

Three tables: a noisy picture learned from clean crops at random offsets, by L1 and by the contextual loss; a picture in the style of
another, by three losses; and noise taken out after learning from clean patches that lie some pixels off, by L1 and the contextual
loss, against CycleGAN, which learns without pairs. In the last, all have the same processor time; CycleGAN takes it for fewer steps.

    python experiments/contextual.py BSDS500
    python experiments/contextual.py BSDS500 --only translation --seconds 600
    python experiments/contextual.py BSDS500 --full       # the recipes as they come, 10,000 steps each: days on two cores

BSDS500 is a folder with the folders train and val; the other two tables are made of photographs that installed packages ship.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import torch
from rich.progress import track
from torch import nn

from beholder.catalog import create_loss
from beholder.data.photos import PHOTOS
from beholder.spec import UsageError
from beholder.training import stylise_stepwise
from beholder.training.model_file import load_model
from beholder.training.reading import read_recipe
from beholder.training.run import train
from beholder.training.shipped import find_recipe
from beholder.training.stylising import STYLES
from jitter import METRICS as JITTER_METRICS
from jitter import compare, score
from published import STDERR, build_parser, find_pictures, learn, mean_scores, print_table, read_pairs, run

TABLES = ("jitter", "style", "translation")
METRICS = ("lpips_alex", "dists", "psnr")
NOISE = "noise:sigma=0.1"
SMALL = (
    "network=compact:width=32:blocks=4:unshuffle=2",
    "data.workers=0",
    "batch=4",
    "precision=float32",
    "optimiser.rate=0.001",
    "average=0.98",
    "validation.pictures=1",
    "validation.metrics=[psnr]",
    "validation.select=last",
    "checkpoint=50",
)
"""What the small runs have in place of what the recipes say; all three alike."""
LEARNED = {
    "L1": ("unaligned", ["loss.terms={pixels: l1}"]),
    "contextual": ("unaligned", []),
    "CycleGAN": ("cyclegan", []),
}
_FIRST, _LAST = 2, 8  # steps between which the time of one is taken


def show_jitter(steps: int, side: int, jitter: int) -> None:
    """The table of `experiments/jitter.py`."""
    shown, _ = compare(steps, side, jitter)
    title = f"Jittered targets, {steps} steps, {side}x{side}, up to {jitter} pixels off:"
    print_table(title, JITTER_METRICS, score(shown))


def show_style(steps: int, side: int) -> None:
    """How near each style loss brings a picture to what the other two, and the content, are measured by."""
    content, style = (
        next(photo for photo in PHOTOS if photo.name == name).detail(side)[None]
        for name in ("chelsea", "flower")
    )
    losses = {name: create_loss(request) for name, (request, _) in STYLES.items()}
    losses["content"] = create_loss("content:layers=relu4_2")
    starts = dict.fromkeys(STYLES, content) | {"content": torch.full_like(content, 0.5)}
    rows = {}
    for name in STYLES:
        taken = stylise_stepwise(content, style, style_loss=name, steps=steps)
        for step in track(taken, f"style by {name}", total=steps, console=STDERR):
            picture = step.picture
        with torch.inference_mode():
            rows[f"`{name}`"] = [
                f"{(loss(picture, aim) / loss(starts[measure], aim)).item():.3f}"
                for measure, loss in losses.items()
                for aim in [content if measure == "content" else style]
            ]
    title = (
        f"Style, {steps} steps, {side}x{side}; 1 is as far as where it began (content: as a grey picture):"
    )
    print_table(title, [f"{name} is left" for name in losses], rows)


def seconds_of_step(recipe: str, overrides: list[str]) -> float:
    """Processor time of a step, which other work on the machine does not lengthen much."""
    moments: dict[int, float] = {}
    with tempfile.TemporaryDirectory() as name:
        plan = read_recipe(find_recipe(recipe), [*overrides, f"steps={_LAST}", "validation.every=100"])
        train(plan, Path(name) / "run", tell=lambda told: moments.setdefault(told.step, time.process_time()))
    return (moments[_LAST] - moments[_FIRST]) / (_LAST - _FIRST)


def show_translation(told: argparse.Namespace) -> None:
    """L1 and the contextual loss on pairs that do not line up, CycleGAN without pairs."""
    paths = find_pictures(told.photographs / "val", told.pictures)
    crop = None if told.full else 192
    data = [f"data.train={told.photographs / 'train'}", f"data.validation={told.photographs / 'val'}"]
    networks: dict[str, tuple[nn.Module, int | None]] = {"noisy input": (nn.Identity(), None)}
    for name, (recipe, own) in LEARNED.items():
        folder = told.folder / name
        overrides = [*data, *own]
        if not told.full:
            overrides += SMALL
            steps = told.folder / f"{name}.steps"  # measured once, so that a run can go on
            if not steps.exists():
                told.folder.mkdir(parents=True, exist_ok=True)
                steps.write_text(str(max(1, round(told.seconds / seconds_of_step(recipe, overrides)))))
            overrides += [f"steps={steps.read_text()}", f"validation.every={steps.read_text()}"]
        model = learn(recipe, overrides, folder)
        networks[name] = (load_model(model)[0], read_recipe(folder / "recipe.yaml").steps)
    rows = {}
    for name, (network, steps) in networks.items():
        found = mean_scores(
            network, read_pairs(paths, NOISE, crop=crop), METRICS, total=len(paths), told=name
        )
        rows[name] = [steps, *(f"{value:.{2 if key == 'psnr' else 4}f}" for key, value in found.items())]
    spent = "the recipes' steps" if told.full else f"{told.seconds:g} s of processor time each"
    print_table(f"Noise of 0.1 taken out, {spent}, {len(paths)} photographs:", ["steps", *METRICS], rows)


def read_arguments() -> argparse.Namespace:
    parser = build_parser(__doc__)
    parser.add_argument("photographs", type=Path, help="folder with the folders train and val")
    parser.add_argument("--folder", type=Path, default=Path("runs/contextual"), help="where the runs lie")
    parser.add_argument("--only", default=",".join(TABLES), help="tables, separated by commas")
    parser.add_argument("--seconds", type=float, default=30, help="processor time of each run of translation")
    parser.add_argument("--steps", type=int, help="steps of jitter and style")
    parser.add_argument("--pictures", type=int, help="photographs that are scored")
    parser.add_argument("--full", action="store_true", help="the recipes as they come")
    told = parser.parse_args()
    told.pictures = told.pictures or (100 if told.full else 10)
    if unknown := set(told.only.split(",")) - set(TABLES):
        raise UsageError(
            f"--only names {', '.join(sorted(unknown))}; expected some of {', '.join(TABLES)}, separated by commas."
        )
    return told


def main() -> None:
    """Learn, score, print."""
    told = read_arguments()
    if "jitter" in told.only:
        show_jitter(told.steps or 400, 128, 6)
    if "style" in told.only:
        show_style(told.steps or (200 if told.full else 40), 256 if told.full else 96)
    if "translation" in told.only:
        show_translation(told)


if __name__ == "__main__":
    run(main)
