"""Metrics learned from an observer whose taste is known: how much of what can be learned of it they learn.

Usage: python experiments/observer.py TRAINING UNSEEN [--kinds lin,tune,scratch] [--seeds 3] [--triplets 3000] [--folder DIR]

The two are folders of photographs that share none. The observer sees by the features of an AlexNet, of which it minds one
channel in twenty, and how much is drawn; it errs as people do, the more the closer the two distances are. It judges
triplets of the traditional distortions, two votes each for learning, five for the check on unseen photographs. What can be
reached there is the agreement of the observer's own distances with its votes.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch.utils.data import DataLoader

from beholder.backbones import Backbone
from beholder.backbones.stages import CHAIN_STAGES
from beholder.calibration.learning import MetricRecipe, learn_metric
from beholder.calibration.learning.layered import LayeredDistance
from beholder.calibration.learning.pictures import JudgedPictures
from beholder.calibration.learning.trunk import build_trunk
from beholder.calibration.measuring import measure
from beholder.data.distortions import Triplets, triplet_folder, write_triplets
from beholder.data.judged import open_judgements
from beholder.data.packs import open_pack
from beholder.judgements import twoafc_score
from beholder.metrics.learned_lpips import LearnedLPIPS, save_learned_lpips
from beholder.settings import read_settings
from beholder.training.shipped import find_metric_recipe
from published import build_parser, run

if TYPE_CHECKING:
    from numpy.typing import NDArray

MINDED = 0.05  # of the channels
DOUBT = 0.1  # the spread of its error, in parts of that of the differences of distances
# Few triplets want more passes and larger steps than the authors' 150,000.
SETTINGS = {
    "lin": ["epochs=60", "decay=60", "optimiser.rate=0.002"],
    "tune": ["epochs=3", "decay=3", "optimiser.rate=0.002", "network_rate=0.02"],
    "scratch": ["epochs=4", "decay=4", "optimiser.rate=0.002", "network_rate=0.2"],
}


def observe(pictures: Path, seed: int) -> NDArray[np.float64]:
    """The observer's distances of both candidates of each triplet of a folder, shape (n, 2)."""
    draw = torch.Generator().manual_seed(seed)
    backbone = Backbone("alexnet", CHAIN_STAGES["alexnet"])
    channels = [features.shape[1] for features in backbone(torch.zeros(1, 3, 64, 64)).values()]
    observer = LayeredDistance(backbone, channels, channels_last=frozenset(), dropout=0).eval()
    for weight in observer.weights:
        minded = torch.rand(len(weight), generator=draw) < MINDED
        weight.data = minded * torch.rand(len(weight), generator=draw) / MINDED
    judged = JudgedPictures(open_judgements(pictures, kind="triplets"))
    with torch.inference_mode():
        parts = [observer(each["ref"], each["p0"], each["p1"]) for each in DataLoader(judged, batch_size=50)]
    return torch.cat(parts).double().numpy()


def judge(photographs: Path, folder: Path, count: int, *, seed: int, split: str, votes: int) -> Path:
    """Make triplets of photographs, and let the observer judge them; the folder of them."""
    triplets = Triplets(open_pack(photographs), "traditional", count, seed=seed, split=split)
    write_triplets(triplets, folder)
    place = triplet_folder(folder, triplets)
    (place / "judge").mkdir(exist_ok=True)
    for row in range(count):  # nobody has judged yet; distances ask for a whole set
        np.save(place / "judge" / f"{row:06}.npy", np.array([0.5]))
    distances = observe(place, seed)
    np.save(folder / f"distances-{split}.npy", distances)
    difference = distances[:, 0] - distances[:, 1]
    sure = 1 / (1 + np.exp(-difference / (DOUBT * difference.std())))
    shares = np.random.default_rng(seed).binomial(votes, sure) / votes
    for row, share in enumerate(shares):
        np.save(place / "judge" / f"{row:06}.npy", np.array([share]))
    return place


def agreement(metric: Path, unseen: Path) -> float:
    """How often a metric decides as the observer did, in percent."""
    measured = measure(open_judgements(unseen, kind="triplets"), [LearnedLPIPS(metric)])
    (distances,) = measured.distances.values()
    return 100 * twoafc_score(*distances.T, measured.answers)


def learn(kind: str, train: Path, unseen: Path, folder: Path, seed: int) -> tuple[float, float]:
    """Learn a metric; its agreement on unseen photographs, and the seconds that it took."""
    settings = [f"data.train={train}", f"seed={seed}", *SETTINGS[kind]]
    recipe = read_settings(find_metric_recipe(kind), settings, kind=MetricRecipe)
    started = time.perf_counter()
    metric = learn_metric(recipe, folder)
    return agreement(metric, unseen), time.perf_counter() - started


def begin(kind: str, seed: int, unseen: Path, folder: Path) -> float:
    """The agreement of what a metric's learning begins with."""
    recipe = read_settings(find_metric_recipe(kind), ["data.train=none", f"seed={seed}"], kind=MetricRecipe)
    backbone = build_trunk(recipe)
    channels = [features.shape[1] for features in backbone(torch.zeros(1, 3, 64, 64)).values()]
    start = folder / f"start-{kind}-{seed}.safetensors"
    save_learned_lpips(
        start,
        backbone=backbone.network,
        layers=backbone.layers,
        weights=[torch.ones(count) for count in channels],
        trunk=backbone.trunk.state_dict(),
    )
    return agreement(start, unseen)


def main() -> None:
    """Judge, learn, and print a table."""
    parser = build_parser(__doc__)
    parser.add_argument("training", type=Path)
    parser.add_argument("unseen", type=Path)
    parser.add_argument("--kinds", default="lin,tune,scratch")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--triplets", type=int, default=3000)
    parser.add_argument("--folder", type=Path, help="keep the sets and the runs there")
    told = parser.parse_args()
    console = Console(width=120)
    with tempfile.TemporaryDirectory() as temporary:
        root = told.folder or Path(temporary)
        table = Table(
            "seed", "kind", "before", "after", "can be reached", "of that", "above chance", "minutes"
        )
        for seed in range(told.seeds):
            place = root / str(seed)
            train = judge(told.training, place, told.triplets, seed=seed, split="train", votes=2)
            unseen = judge(told.unseen, place, told.triplets, seed=seed, split="val", votes=5)
            answers = open_judgements(unseen, kind="triplets").answers
            reached = 100 * twoafc_score(*np.load(place / "distances-val.npy").T, answers)
            for kind in told.kinds.split(","):
                before = begin(kind, seed, unseen, place)
                after, seconds = learn(kind, train, unseen, place / kind, seed)
                row = [f"{before:.2f}", f"{after:.2f}", f"{reached:.2f}", f"{after / reached:.1%}"]
                row += [f"{(after - 50) / (reached - 50):.1%}", f"{seconds / 60:.1f}"]
                table.add_row(str(seed), kind, *row)
                console.print(f"seed {seed}, {kind}: {', '.join(row)}")
        console.print(table)


if __name__ == "__main__":
    run(main)
