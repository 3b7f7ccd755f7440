"""Kill `beholder score` at random moments, resume it each time, and compare with a run that nobody touched.

python benchmarks/scoring_kills.py [--kills 20] [--pairs 2000] [--seed 0]
"""

from __future__ import annotations

import argparse
import csv
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from beholder.data.degradations import add_noise
from beholder.data.photos import PHOTOS
from beholder.images import save_picture
from beholder.scoring import ScoreTable

# The command itself; beside it a file grows by a byte for each row that is scored, also for those that a kill loses.
COUNTING = """
import os
from beholder.cli import main
from beholder.scoring.parts import Parts
add, counter = Parts.add, os.open("scored", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
Parts.add = lambda *row, **told: (os.write(counter, b"."), add(*row, **told))
main()
"""
COMMAND = [sys.executable, "-c", COUNTING, "score", "--pairs", "pairs.csv", "-q"]


def make_pairs(folder: Path, pairs: int, side: int, kinds: int = 20) -> None:
    """A list of pairs over a few small pictures; versions of eight references stand in no regular order."""
    draw = random.Random(0)
    detail = PHOTOS[0].detail(side)
    references = [f"reference-{number}.png" for number in range(8)]
    for number, name in enumerate(references):
        save_picture(detail.roll(number * side // 8, -1), folder / name)
    for kind in range(kinds):
        save_picture(add_noise(detail, 0.01 * (kind + 1), seed=kind), folder / f"{kind}.png")
    with (folder / "pairs.csv").open("w", newline="") as file:
        chosen = ((draw.choice(references), f"{draw.randrange(kinds)}.png") for _ in range(pairs))
        csv.writer(file).writerows([("reference", "distorted"), *chosen])


def count_kept(folder: Path) -> int:
    """Rows that a killed run has left: the last place in the names of its parts."""
    return max((int(part.stem.split("-")[2]) for part in folder.glob("rows-*.csv")), default=0)


def kill_and_resume(folder: Path, kills: int, seconds: float, seed: int, metric: str = "ssim") -> list[int]:
    """Score, killed over and over; returns what each run found when it started."""
    draw = random.Random(seed)
    arguments = [*COMMAND, "-m", metric, "-o", "killed.parquet", "--resume"]
    parts, found = folder / "killed.parquet.parts", []
    while len(found) < kills:
        found.append(count_kept(parts))
        with subprocess.Popen(arguments, cwd=folder) as process:
            # Loading takes most of the time, and a kill finds no work then: most wait for the first rows that are kept.
            deadline = time.monotonic() + 120
            patient = draw.random() < 0.8
            while patient and count_kept(parts) == found[-1] and time.monotonic() < deadline:
                if process.poll() is not None:
                    break
                time.sleep(0.01)
            time.sleep(draw.uniform(0, seconds))
            if process.poll() is not None:
                raise SystemExit(
                    f"the run ended after {len(found) - 1} kills: take more pairs, or fewer seconds"
                )
            process.send_signal(signal.SIGKILL)
    subprocess.run(arguments, cwd=folder, check=True)
    return found


def main(kills: int, pairs: int, seconds: float, seed: int) -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_pairs(folder, pairs, side=320)
        subprocess.run([*COMMAND, "-m", "ssim", "-o", "whole.parquet"], cwd=folder, check=True)
        (folder / "scored").unlink()
        found = kill_and_resume(folder, kills, seconds, seed)
        again = (folder / "scored").stat().st_size - pairs
        whole, killed = (ScoreTable.load(folder / f"{each}.parquet") for each in ("whole", "killed"))
        left = (folder / "killed.parquet.parts").exists()
    passing = {"created", "command"}
    told = [
        {key: table.provenance[key] for key in table.provenance.keys() - passing} for table in (whole, killed)
    ]
    equal = whole.frame.equals(killed.frame)
    print(f"{kills} kills; rows kept at each start: {found}; scored more than once: {again}")
    print(
        f"rows: {whole.frame.height} in one go, {killed.frame.height} with kills; equal row by row: {equal}"
    )
    print(f"provenance equal but for time and command: {told[0] == told[1]}; folder of parts left: {left}")
    return 0 if equal and told[0] == told[1] and not left else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--pairs", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=0.6, help="most from the first kept row to the kill")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    sys.exit(main(given.kills, given.pairs, given.seconds, given.seed))
