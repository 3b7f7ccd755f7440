"""Networks by engine and precision against the eager loop of lpips 0.1.4, and what it saves to share passes.

Usage: python benchmarks/engines.py [--rounds 7]

All take turns in one process, on all cores; the least time of the rounds counts, and the ratios are of one run. The
pictures are 256x256 details of photographs and their JPEGs of quality 10 to 90.
"""

from __future__ import annotations

import argparse
import itertools
import time
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from beholder.catalog import create_degradation
from beholder.data.photos import PHOTOS
from beholder.images import Pair
from beholder.scoring import Scorer, Settings
from beholder.scoring.pairs import LoadedPair
from beholder.spec import UsageError
from peers import lpips_authors

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

TOGETHER = ("lpips_vgg", "dists", "content", "gram", "contextual")
VERSIONS = 20
_CALLS = 4


def make_pairs(count: int) -> list[tuple[Tensor, Tensor]]:
    """Distorted and reference pictures, (3, 256, 256) each."""
    photos = itertools.islice(itertools.cycle(PHOTOS), count)
    clean = [torch.roll(photo.detail(256), index, 2) for index, photo in enumerate(photos)]
    return [(spoil(picture, index), picture) for index, picture in enumerate(clean)]


def spoil(picture: Tensor, index: int) -> Tensor:
    """A JPEG of the picture, of another quality for each index."""
    degradation = create_degradation(f"jpeg:quality={10 + index * 17 % 81}")
    return degradation(picture, torch.Generator().manual_seed(index))


def listed(pairs: list[tuple[Tensor, Tensor]]) -> list[LoadedPair]:
    """Pairs as they come from the reader."""
    files = Pair(Path("reference.png"), Path("distorted.png"))
    return [LoadedPair(index, files, x, y) for index, (x, y) in enumerate(pairs)]


def scorer_of(metrics: tuple[str, ...], engine: str, precision: str) -> Callable[[list[LoadedPair]], Tensor]:
    """Scores of pairs, (pairs, metrics), by `Scorer.stream_loaded`."""
    scorer = Scorer(metrics, Settings(engine=engine, precision=precision))

    def score(pairs: list[LoadedPair]) -> Tensor:
        rows = [scored.scores for scored in scorer.stream_loaded(pairs)]
        return torch.tensor([[row[name] for name in metrics] for row in rows])

    return score


def scorer_if_possible(
    metrics: tuple[str, ...], engine: str, precision: str
) -> Callable[[list[LoadedPair]], Tensor] | None:
    """As `scorer_of`; ``None``, and a word why, where this processor does not compute in the precision."""
    try:
        return scorer_of(metrics, engine, precision)
    except UsageError as error:
        print(f"{engine} {precision} is left out: {error}")
        return None


def least(functions: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Least seconds of each, taking turns of a few calls: the first of a turn finds the caches full of another's."""
    took: dict[str, float] = dict.fromkeys(functions, float("inf"))
    for turn in range(rounds + 1):
        for name, function in functions.items():
            for _ in range(_CALLS):
                start = time.perf_counter()
                function()
                if turn:  # the first one loads and compiles
                    took[name] = min(took[name], time.perf_counter() - start)
    return took


def against_lpips(network: str, count: int, rounds: int) -> None:
    """Pairs at once through the authors' package and through each engine and precision."""
    pairs = make_pairs(count)
    model = lpips_authors(network)
    x, y = (torch.stack(side) * 2 - 1 for side in zip(*pairs, strict=True))

    def theirs() -> Tensor:
        with torch.inference_mode():
            return model(x, y).flatten()

    expected = theirs()
    functions: dict[str, Callable[[], object]] = {"lpips 0.1.4": theirs}
    ways = [*itertools.product(("torch", "openvino"), ("fp32", "bf16")), ("winograd", "fp32")]
    for engine, precision in ways:
        score = scorer_if_possible((f"lpips_{network}",), engine, precision)
        if score is None:
            continue
        functions[f"{engine} {precision}"] = lambda score=score: score(listed(pairs))
    took = least(functions, rounds)
    for name, seconds in took.items():
        found = functions[name]().flatten()
        difference = (found - expected).abs()
        print(
            f"{network:5} {count} pairs  {name:14} {seconds / count * 1e3:8.2f} ms a pair  "
            f"{took['lpips 0.1.4'] / seconds:5.2f}x  largest difference {difference.max():.1e}, "
            f"relative {(difference / expected).max():.2%}"
        )


def versions_of_one(metric: str, precision: str, rounds: int) -> None:
    """One reference against its versions, and as many pairs that share nothing."""
    pairs = make_pairs(VERSIONS)
    reference = pairs[0][1]
    shared = [(spoil(reference, index), reference) for index in range(VERSIONS)]
    score = scorer_if_possible((metric,), "auto", precision)
    if score is None:
        return
    took = least({"apart": lambda: score(listed(pairs)), "shared": lambda: score(listed(shared))}, rounds)
    print(
        f"{metric} {precision}: {VERSIONS} pairs {took['apart'] / VERSIONS * 1e3:.2f} ms a pair, {VERSIONS} versions of one "
        f"reference {took['shared'] / VERSIONS * 1e3:.2f} ms: {took['apart'] / took['shared']:.2f}x"
    )


def together(engine: str, rounds: int) -> None:
    """Metrics on one network together, against the sum of them one by one."""
    pairs = listed(make_pairs(8))
    scorers = {
        ", ".join(names): scorer_of(names, engine, "fp32") for names in (TOGETHER, *((m,) for m in TOGETHER))
    }
    took = least({name: lambda score=score: score(pairs) for name, score in scorers.items()}, rounds)
    whole, *apart = took.values()
    print(
        f"{engine}: {', '.join(TOGETHER)} together {whole / len(pairs) * 1e3:.0f} ms a pair, apart "
        f"{' + '.join(f'{each / len(pairs) * 1e3:.0f}' for each in apart)}: {whole / sum(apart):.2f} of the sum"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    for network, count in (("alex", 1), ("vgg", 1), ("alex", 8), ("vgg", 8)):
        against_lpips(network, count, rounds)
    for metric, precision in (
        ("lpips_alex", "fp32"),
        ("lpips_vgg", "fp32"),
        ("lpips_vgg", "bf16"),
        ("dists", "fp32"),
    ):
        versions_of_one(metric, precision, rounds)
    for engine in ("torch", "openvino", "winograd"):
        together(engine, max(2, rounds // 2))
