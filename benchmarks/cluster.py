"""`beholder score` on this machine, and with --cluster local: pairs a second, what Ray costs a pair, and the tables.

python benchmarks/cluster.py [--pairs 1000] [--side 256] [--metrics ssim,lpips_alex] [--kill]

Both take all cores. A long run less a short one tells what a pair takes; what is left of the short one is the start.
With --kill, a process that scores is killed in the middle of the long run on Ray (Linux only).
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from PIL import Image

from beholder.data.degradations import add_noise
from beholder.data.photos import PHOTOS
from beholder.scoring import ScoreTable

# The command itself; it kills a process that scores once there are so many rows.
KILLING = """
import os, signal, sys
from pathlib import Path
from beholder.cli import main
from beholder.scoring.parts import Parts

def processes():
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            found[int(folder.name)] = parent, (folder / "cmdline").read_bytes()
        except OSError:
            pass
    return found

def is_ours(pid, found):
    while pid in found and pid != os.getpid():
        pid = found[pid][0]
    return pid == os.getpid()

def kill_one():
    found = processes()
    scoring = [pid for pid, (_, name) in found.items() if name.startswith(b"ray::MapWorker") and is_ours(pid, found)]
    os.kill(min(scoring), signal.SIGKILL)
    print("killed a worker", file=sys.stderr)

add, kill_at = Parts.add, int(sys.argv.pop(1))
def watch(parts, place, *row, **told):
    global kill_at
    add(parts, place, *row, **told)
    if 0 < kill_at < place:
        kill_at = 0
        kill_one()
Parts.add = watch
main()
"""


def make_pairs(folder: Path, pairs: int, side: int) -> None:
    """So many JPEG files, each with a noisy version, and a list of them."""
    for place in range(pairs):
        detail = PHOTOS[place % len(PHOTOS)].detail(side)
        for name, picture in (
            ("reference", add_noise(detail, 0.02, seed=place)),
            ("distorted", add_noise(detail, 0.1, seed=place)),
        ):
            pixels = (picture.permute(1, 2, 0) * 255).to(torch.uint8).numpy()
            Image.fromarray(pixels).save(folder / f"{name}-{place:05}.jpg", quality=90)
    write_list(folder, pairs)


def write_list(folder: Path, pairs: int) -> None:
    names = [(f"reference-{place:05}.jpg", f"distorted-{place:05}.jpg") for place in range(pairs)]
    with (folder / f"{pairs}.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("reference", "distorted"), *names])


def score(folder: Path, pairs: int, *arguments: str, kill_at: int = 0) -> tuple[float, ScoreTable]:
    """Score a list; returns the seconds that it took, and the table."""
    begun = time.perf_counter()
    command = [sys.executable, "-c", KILLING, str(kill_at), "score", "--pairs", f"{pairs}.csv", "-q"]
    subprocess.run([*command, "-o", "scores.parquet", *arguments], cwd=folder, check=True)
    return time.perf_counter() - begun, ScoreTable.load(folder / "scores.parquet")


def compare(folder: Path, pairs: int, *arguments: str, kill_at: int = 0) -> tuple[float, float, ScoreTable]:
    """Seconds until it scores, seconds a pair, and the table of the long run."""
    few = pairs // 4
    write_list(folder, few)
    short, _ = score(folder, few, *arguments)
    long, table = score(folder, pairs, *arguments, kill_at=kill_at)
    each = (long - short) / (pairs - few)
    return short - few * each, each, table


def main(pairs: int, side: int, metrics: str, *, kill: bool) -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_pairs(folder, pairs, side)
        start, each, local = compare(folder, pairs, "-m", metrics)
        kill_at = pairs // 2 if kill else 0
        ray_start, ray_each, ray = compare(
            folder, pairs, "-m", metrics, "--cluster", "local", kill_at=kill_at
        )
    workers, equal = ray.provenance["workers"], local.frame.equals(ray.frame)
    told = f"{workers} workers, one of them killed" if kill else f"{workers} workers"
    print(f"{pairs} pairs of {side}x{side} JPEG, {metrics}, {torch.get_num_threads()} cores")
    print(f"without Ray: {1 / each:6.1f} pairs/s after {start:4.1f} s")
    print(f"with Ray:    {1 / ray_each:6.1f} pairs/s after {ray_start:4.1f} s, {told}")
    print(f"Ray costs {1000 * (ray_each - each):.2f} ms a pair; tables equal row by row: {equal}")
    return 0 if equal else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=1000)
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--metrics", default="ssim,lpips_alex")
    parser.add_argument("--kill", action="store_true", help="kill a worker in the middle")
    given = parser.parse_args()
    sys.exit(main(given.pairs, given.side, given.metrics, kill=given.kill))
