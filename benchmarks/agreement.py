"""Six metrics' agreement on triplets in one pass over the pictures, against one metric after another.

Triplets are patches of photographs that packages ship, 64x64, with two traditional distortions each, laid out as BAPPS; what
people said is drawn by chance, since time does not hang on it. Both ways open the set anew and measure all of it; lpips_vgg and
content share VGG-16. A way's time is the shortest of its runs, which take turns. Exits with 1 where a distance
differs by more than rounding.

Usage: python benchmarks/agreement.py [--triplets 2000] [--runs 1]
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from beholder.calibration import MeasuredSet, measure
from beholder.data.distortions import Triplets, triplet_folder, write_triplets
from beholder.data.judged import open_judgements
from beholder.data.packs import open_pack
from beholder.data.photos import PHOTOS
from beholder.images import save_picture

METRICS = ("lpips_alex", "lpips_vgg", "dists", "content", "ssim", "gmsd")
ROUNDING = 1e-5  # of the largest distance: networks take batches of other sizes in other orders


def make_set(root: Path, count: int) -> Path:
    """A folder of triplets with five votes each."""
    (root / "photographs").mkdir()
    for photo in PHOTOS:
        save_picture(photo.load(), root / "photographs" / f"{photo.name}.png")
    pack = open_pack(root / "photographs")
    triplets = Triplets(pack, "traditional", count, split="val")
    write_triplets(triplets, root)
    shutil.rmtree(pack.folder)  # it lies in the user's cache
    place = triplet_folder(root, triplets)
    (place / "judge").mkdir()
    shares = np.random.default_rng(0).integers(6, size=count) / 5
    for row, share in enumerate(shares):
        np.save(place / "judge" / f"{row:06d}.npy", np.array([share], dtype=np.float32), allow_pickle=False)
    return place


def timed(place: Path, metrics: tuple[str, ...]) -> tuple[float, MeasuredSet]:
    start = time.perf_counter()
    measured = measure(open_judgements(place), metrics)
    return time.perf_counter() - start, measured


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--triplets", type=int, default=2000)
    parser.add_argument("--runs", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = make_set(Path(folder), arguments.triplets)
        first = open_judgements(place).choose(range(min(8, arguments.triplets)))
        measure(
            first, METRICS
        )  # what is loaded once, such as torch and the files of weights, counts for neither
        together, alone = [], []
        for _ in range(arguments.runs):
            together.append(timed(place, METRICS))
            alone.append([timed(place, (name,)) for name in METRICS])
    seconds = min(spent for spent, _ in together)
    each = [min(run[column][0] for run in alone) for column in range(len(METRICS))]
    table = Table("", "seconds", "triplets/s", "largest difference")
    differences = []
    for name, spent, (_, measured) in zip(METRICS, each, alone[0], strict=True):
        ours, theirs = together[0][1].distances[name], measured.distances[name]
        differences.append(float(np.abs(ours - theirs).max() / np.abs(theirs).max()))
        table.add_row(
            f"{name} alone", f"{spent:.2f}", f"{arguments.triplets / spent:.1f}", f"{differences[-1]:.1e}"
        )
    table.add_row("one after another", f"{sum(each):.2f}", f"{arguments.triplets / sum(each):.1f}")
    table.add_row("one pass", f"{seconds:.2f}", f"{arguments.triplets / seconds:.1f}")
    Console().print(table)
    print(f"one after another takes {sum(each) / seconds:.2f} times as long as one pass")
    return 0 if max(differences) <= ROUNDING else 1


if __name__ == "__main__":
    raise SystemExit(main())
