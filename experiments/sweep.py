"""Which weights for deblocking: a sweep of L8's loss on features, and the original's 1 : 5, each trained with three seeds.

    python experiments/sweep.py BSDS500/train BSDS500/val -o runs/weights

L8 goes on from `deblock-l8-q10`, on JPEGs of quality 10. Varied are what the loss looks at (two layers of VGG-16, or LPIPS)
and what it weighs, terms balanced by their sizes. The recommended point and the original's weights, 1 : 5 without any balancing, are then
trained with two seeds more, and all are scored on all the photographs of the second folder. What is there already is not done
again. Twenty trials of 200 steps take half an hour on two idle cores; `--full` takes 3,000 steps each, with larger patches.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch.utils.data import Subset

from beholder.data.packs import open_pack
from beholder.data.patches import PicturePairs
from beholder.settings import read_settings
from beholder.training.model_file import load_model
from beholder.training.recipe import Recipe, Validation
from beholder.training.run import train
from beholder.training.shipped import find_recipe
from beholder.training.sweeping import Sweep, sweep
from beholder.training.sweeping.front import Point, beats, find_front, recommend
from beholder.training.sweeping.ledger import own_storage
from beholder.training.validating import Enlarger, Validator
from published import build_parser, run

QUICK = (
    *(
        "steps=200",
        "batch=16",
        "data.patch=48",
        "schedule.warmup=20",
        "precision=float32",
        "validation.every=100",
    ),
    *("validation.pictures=20", "loss.weights={pixels: 1, features: 1}"),
)
FULL = (
    "steps=3000",
    "validation.every=1000",
    "validation.pictures=20",
    "loss.weights={pixels: 1, features: 1}",
)
OVER = {
    "loss.weights.features": "0.05:20:log",
    "loss.terms.features": "content:layers=relu2_2|content:layers=relu3_3|lpips_vgg",
}
BY_HAND = "by hand 1 : 5"
POINTS = {
    BY_HAND: ("loss.balance=fixed", "loss.weights.features=5"),
    "1 : 5 of equal sizes": ("loss.weights.features=5",),
}
SEEDS = (0, 1, 2)


def plan_sweep(photographs: Path, others: Path, name: str, trials: int, settings: tuple[str, ...]) -> Sweep:
    """The sweep: twenty trials, of which three balance by themselves and two are given."""
    data = (f"data.train={photographs.absolute()}", f"data.validation={others.absolute()}")
    recipe = read_settings(find_recipe("deblock-l8-q10-both"), (*data, *settings), kind=Recipe)
    return Sweep(
        name=name,
        recipe=recipe,
        over=OVER,
        objectives=("psnr", "lpips_alex"),
        trials=trials,
        points=POINTS,
    )


def train_with_seeds(plan: Sweep, point: Point, folder: Path) -> list[Path]:
    """The models of a point with each seed; that of the first is the trial's own."""
    models = [folder / "trials" / f"{point.number:04}" / "model.safetensors"]
    for seed in SEEDS[1:]:
        run = folder / "seeds" / f"{point.number:04}-{seed}"
        recipe = plan.of((*point.settings, f"seed={seed}"))
        if not (run / "model.safetensors").is_file():
            train(recipe, run, resume=(run / "recipe.yaml").is_file())
        models.append(run / "model.safetensors")
    return models


def main() -> None:
    parser = build_parser(__doc__)
    parser.add_argument("photographs", type=Path, help="to train on")
    parser.add_argument("others", type=Path, help="to validate and score on")
    parser.add_argument("-o", "--output", type=Path, default=Path("runs/weights"), help="the sweep's folder")
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--full", action="store_true", help="3,000 steps a trial")
    given = parser.parse_args()
    settings = FULL if given.full else QUICK
    plan = plan_sweep(given.photographs, given.others, given.output.name, given.trials, settings)
    given.output.mkdir(parents=True, exist_ok=True)
    ledger = sweep(
        plan, given.output, own_storage(given.output), tell_end=lambda number, how, _: print(number, how)
    )
    points = ledger.points()
    chosen, words = recommend(points, plan.axes)
    print("The front:")
    for point in find_front(points, plan.axes):
        print(
            f"  {point.name:24} {point.scores[0]:.3f} dB  {point.scores[1]:.4f}  {' '.join(point.settings)}"
        )
    print("\n".join(words))
    by_hand = next(point for point in points if point.name == BY_HAND)
    validator = Validator(Validation(metrics=plan.objectives, select="last", shown=0), torch.device("cpu"))
    pairs = PicturePairs(open_pack(given.others), plan.recipe.data.degradation, plan.recipe.seed)
    pictures = Subset(pairs, range(len(pairs)))
    before = validator.score(Enlarger(1), pictures)
    print(f"\nAll {len(pairs)} photographs, seeds {', '.join(map(str, SEEDS))}; psnr, lpips_alex")
    print(f"{'input':24} {before['psnr']:.3f}  {before['lpips_alex']:.4f}")
    # the recommended point, and whatever of the front beats the original's weights in both
    tried = [by_hand, *([chosen] if chosen is not None and chosen != by_hand else [])]
    better = [
        point for point in find_front(points, plan.axes) if beats(point.scores, by_hand.scores, plan.axes)
    ]
    tried += [point for point in better[-1:] if point not in tried]
    for point in tried:
        name = point.name if point.is_named else f"trial {point.name}"
        for seed, model in zip(SEEDS, train_with_seeds(plan, point, given.output), strict=True):
            scores = validator.score(load_model(model)[0], pictures)
            print(f"{name:24} {scores['psnr']:.3f}  {scores['lpips_alex']:.4f}  seed {seed}", flush=True)


if __name__ == "__main__":
    run(main)
