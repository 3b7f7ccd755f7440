"""Learning channel weights (lin): triplets a second against an eager loop of the authors' recipe with their package.

Usage: python benchmarks/calibrating.py TRAINING UNSEEN [--triplets 1000] [--epochs 5] [--decay 5] [--rate 0.002]

Both learn from the same triplets, which the observer of experiments/observer.py judged, with the same network, batches, passes, rates
and dropout, and are asked on the same unseen ones. Decoding is part of both; the peer keeps its pictures decoded, which is
the quicker.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import lpips
import torch

from beholder.calibration.learning import MetricRecipe, learn_metric
from beholder.calibration.learning.pictures import JudgedPictures
from beholder.data.judged import open_judgements
from beholder.judgements import twoafc_score
from beholder.metrics.learned_lpips import LearnedLPIPS
from beholder.settings import read_settings
from beholder.training.shipped import find_metric_recipe
from peers import lpips_authors

sys.path.append(str(Path(__file__).parents[1] / "experiments"))
from observer import agreement, judge

BATCH = 50


def load(triplets: Path) -> dict[str, torch.Tensor]:
    """All pictures of a set, and what the observer said."""
    judged = JudgedPictures(open_judgements(triplets, kind="triplets"))
    items = [judged[row] for row in range(len(judged))]
    return {name: torch.stack([item[name] for item in items]) for name in items[0]}


def learn_eagerly(train: Path, epochs: int, decay: int, rate: float) -> torch.nn.Module:
    """The authors' recipe: both candidates of each triplet through the network, in every pass."""
    torch.manual_seed(0)
    held = load(train)
    metric = lpips_authors("alex").train()
    for layer in metric.lins:
        torch.nn.init.constant_(layer.model[-1].weight, 0.1)
    ranking = lpips.BCERankingLoss()
    learned = [*metric.lins.parameters(), *ranking.parameters()]
    optimiser = torch.optim.Adam(learned, lr=rate, betas=(0.5, 0.999))
    for epoch in range(epochs + decay):
        for group in optimiser.param_groups:
            group["lr"] = rate * min(1.0, (epochs + decay - epoch) / (decay + 1))
        for rows in torch.randperm(len(held["judge"])).split(BATCH):
            reference, p0, p1 = (held[name][rows] for name in ("ref", "p0", "p1"))
            d0 = metric(reference, p0, normalize=True)
            d1 = metric(reference, p1, normalize=True)
            share = held["judge"][rows].float().view(d0.shape)
            optimiser.zero_grad()
            ranking(d0, d1, share * 2 - 1).mean().backward()
            optimiser.step()
            for layer in metric.lins:
                layer.model[-1].weight.data.clamp_(min=0)
    return metric.eval()


def agreement_of_peer(metric: torch.nn.Module, unseen: Path) -> float:
    """How often it decides as the observer did, in percent."""
    held = load(unseen)
    with torch.inference_mode():
        d0, d1 = (
            torch.cat(
                [
                    metric(reference, candidate, normalize=True).flatten()
                    for reference, candidate in zip(
                        held["ref"].split(BATCH), held[name].split(BATCH), strict=True
                    )
                ]
            )
            for name in ("p0", "p1")
        )
    return 100 * twoafc_score(d0.double().numpy(), d1.double().numpy(), held["judge"].double().numpy())


def main() -> None:
    """Learn twice, and print both speeds and agreements."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("training", type=Path)
    parser.add_argument("unseen", type=Path)
    parser.add_argument("--triplets", type=int, default=1000)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--decay", type=int, default=5)
    parser.add_argument("--rate", type=float, default=0.002)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        train = judge(told.training, root, told.triplets, seed=0, split="train", votes=2)
        unseen = judge(told.unseen, root, told.triplets, seed=0, split="val", votes=5)
        schedule = [f"epochs={told.epochs}", f"decay={told.decay}", f"optimiser.rate={told.rate}"]
        settings = [f"data.train={train}", f"data.validation={unseen}", "validation.every=5", *schedule]
        recipe = read_settings(
            find_metric_recipe("lin"), [*settings, "validation.select=last"], kind=MetricRecipe
        )
        passes = told.triplets * (told.epochs + told.decay)
        started = time.perf_counter()
        ours = learn_metric(recipe, root / "run")
        seconds = time.perf_counter() - started
        print(f"beholder    {passes / seconds:8.1f} triplets/s  {seconds:6.1f} s, with validation  ", end="")
        print(f"agreement {agreement(ours, unseen):.2f}", flush=True)
        started = time.perf_counter()
        peer = learn_eagerly(train, told.epochs, told.decay, told.rate)
        eager = time.perf_counter() - started
        print(f"eager lpips {passes / eager:8.1f} triplets/s  {eager:6.1f} s                   ", end="")
        print(f"agreement {agreement_of_peer(peer, unseen):.2f}")
        weights = torch.cat([LearnedLPIPS(ours).get_buffer(f"weight{layer}") for layer in range(5)])
        theirs = torch.cat([layer.model[-1].weight.detach().flatten() for layer in peer.lins])
        print(
            f"{eager / seconds:.2f}x; correlation of the weights {torch.corrcoef(torch.stack([weights, theirs]))[0, 1]:.3f}"
        )


if __name__ == "__main__":
    main()
