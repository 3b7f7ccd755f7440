"""What the experiments share: their pictures, scores of what a network makes of them, and tables in Markdown."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import Progress, track
from torch import Tensor

from beholder.catalog import create_degradation, create_metric
from beholder.images import PICTURE_SUFFIXES, eight_bit, read_picture
from beholder.spec import BeholderError, PictureError
from beholder.training.folder import RunFolder
from beholder.training.reading import read_recipe
from beholder.training.run import train
from beholder.training.shipped import find_recipe

__all__ = [
    "as_stored",
    "build_parser",
    "find_pictures",
    "learn",
    "mean_scores",
    "print_table",
    "read_pairs",
    "run",
    "short_run",
]

STDERR = Console(stderr=True)


def build_parser(told: str | None) -> argparse.ArgumentParser:
    """The parser of an experiment, whose module's docstring is its help."""
    return argparse.ArgumentParser(description=told, formatter_class=argparse.RawDescriptionHelpFormatter)


def run(main: Callable[[], None]) -> None:
    """Run an experiment; what is wrong with its data, or not there, ends it with a message and exit code 2."""
    try:
        main()
    except BeholderError as error:
        STDERR.print(f"{error}", style="red", highlight=False)
        raise SystemExit(2) from error


def find_pictures(folder: Path, count: int | None = None) -> list[Path]:
    """The first pictures of a folder by name.

    Args:
        folder: The folder.
        count: How many of them; by default all.

    Raises:
        PictureError: If there are none.
    """
    found = (
        sorted(path for path in folder.iterdir() if path.suffix.lower() in PICTURE_SUFFIXES)
        if folder.is_dir()
        else []
    )
    if not found:
        raise PictureError(f"{folder}: holds no pictures; expected a folder of PNG or JPEG photographs.")
    return found[:count]


def read_pairs(
    paths: Sequence[Path], degradation: str, crop: int | None = None, multiple: int = 1
) -> Iterator[tuple[Tensor, Tensor]]:
    """What a network is given of each picture, and what it should make of it.

    Args:
        paths: Files of the pictures.
        degradation: As `beholder.catalog.create_degradation` takes it; the same noise for the same place in ``paths``.
        crop: Take so large a square out of the middle.
        multiple: Drop rows and columns at the bottom and right until the sides are multiples of it.

    Yields:
        Degraded, shape (1, 3, h, w), and clean, shape (1, 3, H, W), both in [0, 1].
    """
    spoil = create_degradation(degradation)
    for seed, path in enumerate(paths):
        levels = torch.from_numpy(eight_bit(read_picture(path).pixels).copy()).permute(2, 0, 1)
        height, width = levels.shape[-2:]
        if crop is not None:
            top, left = max(0, height - crop) // 2, max(0, width - crop) // 2
            levels = levels[:, top : top + crop, left : left + crop]
            height, width = levels.shape[-2:]
        levels = levels[:, : height - height % multiple, : width - width % multiple]
        yield spoil(levels, torch.Generator().manual_seed(seed))[None], levels[None] / 255


def as_stored(picture: Tensor) -> Tensor:
    """A network's output as a file of 8 bits a channel holds it."""
    return (picture.clamp(0, 1) * 255).round() / 255


def mean_scores(
    restore: Callable[[Tensor], Tensor],
    pairs: Iterator[tuple[Tensor, Tensor]],
    metrics: Sequence[str],
    *,
    total: int,
    told: str,
) -> dict[str, float]:
    """Means over pictures of what a network makes of them.

    Args:
        restore: The network, or whatever stands in its place.
        pairs: As `read_pairs` gives them.
        metrics: As `beholder.catalog.create_metric` takes them.
        total: How many pairs there are, for the bar.
        told: What the bar says.

    Returns:
        Metric -> mean.
    """
    measures = {name: create_metric(name) for name in metrics}
    sums = dict.fromkeys(metrics, 0.0)
    count = 0
    with torch.inference_mode():
        for degraded, clean in track(pairs, told, total, console=STDERR):
            restored = as_stored(restore(degraded))
            for name, measure in measures.items():
                sums[name] += measure(restored, clean).item()
            count += 1
    return {name: value / count for name, value in sums.items()}


def learn(recipe: str, overrides: Sequence[str], folder: Path) -> Path:
    """Train by a recipe, or go on with what was begun in the folder; a run that has ended is left as it is.

    Args:
        recipe: One of `beholder recipes`, or a file.
        overrides: ``KEY=VALUE``, as `beholder train` takes them.
        folder: The run's.

    Returns:
        The model's file.
    """
    plan = read_recipe(find_recipe(recipe), overrides)
    runs, done = RunFolder(folder), folder / "done"
    if done.exists():
        return runs.model
    with Progress(console=STDERR) as bar:
        task = bar.add_task(f"learning {folder.name}", total=plan.steps)
        model = train(
            plan,
            folder,
            resume=runs.checkpoint.exists(),
            tell=lambda told: bar.update(task, completed=told.step),
        )
    done.touch()
    return model


def short_run(title: str, photographs: Path, *, steps: int, batch: int, patch: int) -> list[str]:
    """What a short run that goes on from `sr-x4` has in place of what its recipe says.

    Args:
        title: What it is for.
        photographs: The folder to learn from.
        steps: How many.
        batch: Patches of a step.
        patch: Their side in pixels.
    """
    return [
        f"title=Enlarge pictures 4 times, by {title}, from sr-x4",
        "start_from=sr-x4",
        f"data.train={photographs}",
        f"data.patch={patch}",
        "data.workers=0",
        f"steps={steps}",
        f"batch={batch}",
        "optimiser.rate=0.0004",
        "schedule.warmup=20",
        "average=0.98",
        "precision=float32",
        f"validation.every={steps}",
        "validation.pictures=1",
        "validation.metrics=[psnr]",
        "validation.select=last",
        "checkpoint=50",
    ]


def print_table(title: str, columns: Sequence[str], rows: Mapping[str, Sequence[Any]]) -> None:
    """Print a Markdown table.

    Args:
        title: A line above it.
        columns: Heads of the columns after the first.
        rows: Head of the row -> its cells; None is left empty.
    """
    print(f"\n{title}\n")
    print("| " + " | ".join(["", *columns]) + " |")
    print("| " + " | ".join(["---"] * (len(columns) + 1)) + " |")
    for head, cells in rows.items():
        print("| " + " | ".join([head, *("" if cell is None else str(cell) for cell in cells)]) + " |")
