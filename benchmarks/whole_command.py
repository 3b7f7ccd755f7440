"""Two folders of pictures through `beholder score` and through the loop of lpips's own two-folder script.

Usage: python benchmarks/folders.py [--pairs 500] [--runs 3]

Both run as processes of their own, in turn, with the same weights, and are timed from start to end.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PEER = "--peer"


def make_folders(root: Path, pairs: int) -> tuple[Path, Path]:
    """Folders of 256x256 PNGs: details of photographs, and noisy versions of them."""
    import torch

    from beholder.data.degradations import add_noise
    from beholder.data.photos import PHOTOS
    from beholder.images import save_picture

    folders = root / "reference", root / "distorted"
    for folder in folders:
        folder.mkdir()
    details = [photo.detail() for photo in PHOTOS]
    for index in range(pairs):
        # Rolled, so that no two references are the same file.
        reference = torch.roll(details[index % len(details)], (index, index), dims=(1, 2))
        save_picture(reference, folders[0] / f"{index:05}.png")
        save_picture(add_noise(reference, 0.05, seed=index), folders[1] / f"{index:05}.png")
    return folders


def run_peer(reference: Path, distorted: Path, output: Path) -> None:
    """What the authors' script does: load, convert, score and print one pair after another."""
    import lpips
    from peers import lpips_authors

    model = lpips_authors("alex")
    with output.open("w") as file:
        for name in sorted(path.name for path in reference.iterdir()):
            x = lpips.im2tensor(lpips.load_image(str(distorted / name)))
            y = lpips.im2tensor(lpips.load_image(str(reference / name)))
            distance = model.forward(x, y)
            print(f"{name}: {distance.item():.3f}")
            file.write(f"{name}: {distance.item():.6f}\n")


def compare(pairs: int, runs: int) -> None:
    """Time both in turn, print pairs per second, the ratio, and the largest difference of the scores."""
    import polars as pl

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        reference, distorted = make_folders(root, pairs)
        ours, theirs = root / "ours.csv", root / "theirs.txt"
        beholder = "from beholder.cli import main; main()"
        commands = {
            "beholder": ["-c", beholder, "score", reference, distorted, "-m", "lpips_alex", "-o", ours],
            "lpips": [__file__, PEER, reference, distorted, theirs],
        }
        took: dict[str, list[float]] = {name: [] for name in commands}
        for turn in range(runs + 1):
            for name, command in commands.items():
                start = time.perf_counter()
                subprocess.run([sys.executable, *map(str, command)], check=True, capture_output=True)
                if turn:  # the first turn warms the disk
                    took[name].append(time.perf_counter() - start)
        for name, seconds in took.items():
            median = statistics.median(seconds)
            print(
                f"{name:10} {median:6.2f} s  {pairs / median:6.1f} pairs/s  runs {[round(s, 2) for s in seconds]}"
            )
        ratios = [b / a for a, b in zip(took["beholder"], took["lpips"], strict=True)]
        print(f"ratio      {statistics.median(ratios):.2f}x  runs {[round(ratio, 2) for ratio in ratios]}")
        scores = pl.read_csv(ours)["lpips_alex"].to_list()
        others = [float(line.rpartition(" ")[2]) for line in theirs.read_text().splitlines()]
        print(f"largest difference {max(abs(a - b) for a, b in zip(scores, others, strict=True)):.1e}")


if __name__ == "__main__":
    if PEER in sys.argv:
        run_peer(*map(Path, sys.argv[2:]))
    else:
        parser = argparse.ArgumentParser(description=__doc__)
        parser.add_argument("--pairs", type=int, default=500)
        parser.add_argument("--runs", type=int, default=3)
        arguments = parser.parse_args()
        compare(arguments.pairs, arguments.runs)
