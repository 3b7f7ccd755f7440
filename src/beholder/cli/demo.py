"""`beholder demo`: the whole way from photographs to a report."""

from __future__ import annotations

import dataclasses
import shlex
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from beholder.cli.console import print_wide, say
from beholder.spec import MissingPackageError, UsageError, WeightsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor

    from beholder.cli.job import FindMaps
    from beholder.images import Pair
    from beholder.reports.gains import Gains
    from beholder.reports.restored_page import Restorations
    from beholder.scoring import StoredScores

__all__ = ["demo"]

_QUALITIES = (90, 30, 10, 5)
_SIDE = 192  # pixels; every metric takes that, and all of them together half a minute on two cores


def demo(
    folder: Annotated[Path, typer.Argument(help="Where to write.")] = Path("beholder-demo"),
) -> None:
    """Spoil photographs that installed packages ship, score them with every metric, and restore the JPEGs.

    Writes FOLDER/scores.parquet, FOLDER/report.html, FOLDER/restored.html and the pictures. Exit code as for score.

    Example:
        beholder demo
    """
    from beholder.cli.demo_restoring import METRICS, MODELS, restore_jpegs
    from beholder.cli.job import Wishes
    from beholder.cli.outputs import check_folder
    from beholder.cli.pictures import picture_job
    from beholder.cli.running import run
    from beholder.images import Pairing
    from beholder.reports import write_score_page
    from beholder.reports.gains import gain_table
    from beholder.scoring import Settings
    from beholder.training.shipped import find_model

    models = {name: find_model(name) for name in MODELS}
    check_folder(folder)
    try:
        pairs = _make_pairs(folder)
    except OSError as error:
        raise UsageError(f"{folder}: cannot be written in: {error}. Name another folder.") from error
    metrics = _metrics_to_be_had()

    def write_page(scores: StoredScores, page: Path, find_maps: FindMaps) -> None:
        table = scores.head(len(pairs))
        maps = find_maps(list(range(len(pairs))))
        write_score_page(table, page, maps=maps, beside={"Restored: before and after": "restored.html"})

    job = picture_job(Pairing(tuple(pairs)), metrics, Settings(), maps=True)
    wishes = Wishes(output=folder / "scores.parquet", report=folder / "report.html")
    with run(dataclasses.replace(job, write_page=write_page), wishes) as outcome:
        outcome.print_table()
        if outcome.stopped is None:
            gains, restored, told = restore_jpegs(
                folder, models, [name for name in METRICS if name in metrics]
            )
            _write_page(folder, gains, restored, told)
            print_wide(gain_table(gains))


def _write_page(folder: Path, gains: Gains, restored: Restorations, told: Mapping[str, str]) -> None:
    from datetime import UTC, datetime

    from beholder.reports.restored_page import write_restored_page
    from beholder.scoring import as_text

    write_restored_page(
        restored,
        folder / "restored.html",
        title="JPEGs of quality 10, restored",
        told=told,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        command=as_text(shlex.join(["beholder", *sys.argv[1:]])),
        gains=gains,
        beside={"Scores of all that was spoilt": "report.html"},
    )
    say(f"wrote {folder / 'restored.html'}")


def _metrics_to_be_had() -> list[str]:
    from beholder.catalog import METRICS
    from beholder.cli.weights import fetch_missing

    there = []
    for name, entry in METRICS.items():
        if entry.subject:
            continue  # which one is the user's to say
        if entry.package and find_spec(entry.package) is None:
            say(f"{name} is left out: it needs the package {entry.package}.")
            continue
        try:
            fetch_missing([name])
        except WeightsError:
            say(
                f"{name} is left out: its weights could not be had; `beholder weights list` tells where they are."
            )
        else:
            there.append(name)
    return there


def _make_pairs(folder: Path) -> list[Pair]:
    from beholder.data.photos import PHOTOS
    from beholder.images import Pair, save_picture

    pairs = []
    for photo in PHOTOS:
        try:
            detail = photo.detail(_SIDE)
        except MissingPackageError as error:
            say(f"left out: {error}")
            continue
        reference = folder / "reference" / f"{photo.name}.png"
        reference.parent.mkdir(parents=True, exist_ok=True)
        save_picture(detail, reference)
        for name, write in _spoilings(detail).items():
            distorted = folder / "distorted" / photo.name / name
            distorted.parent.mkdir(parents=True, exist_ok=True)
            write(distorted)
            pairs.append(Pair(reference, distorted))
    return pairs


def _spoilings(detail: Tensor) -> dict[str, Callable[[Path], object]]:
    """File name -> what writes the spoilt picture there."""
    from beholder.data.degradations import add_noise, blur, compress_jpeg, shrink_and_enlarge
    from beholder.images import save_picture

    def saver(spoilt: Tensor) -> Callable[[Path], object]:
        return lambda path: save_picture(spoilt, path)

    def jpeg_writer(quality: int) -> Callable[[Path], object]:
        return lambda path: path.write_bytes(compress_jpeg(detail, quality))

    return {
        **{f"jpeg-quality-{quality:02}.jpg": jpeg_writer(quality) for quality in _QUALITIES},
        "blur-sigma-2.png": saver(blur(detail, 2)),
        "noise-sigma-0.1.png": saver(add_noise(detail, 0.1, seed=0)),
        "shrunk-3x.png": saver(shrink_and_enlarge(detail, 3)),
    }
