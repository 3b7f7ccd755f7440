"""`beholder score` on 1,000 pairs of JPEG files against the loops that a user would write, and what bounds it.

Usage: python benchmarks/whole_command.py [--pairs 1000] [--runs 3]

Each is a process of its own, timed from its start to its end, in turn on an otherwise idle machine. The loops open the
files with Pillow, one pair after another: `lpips` and `torchmetrics` for LPIPS and SSIM, `piq` for SSIM alone. Both packages
take SSIM of each colour; the command is timed with that, and with `ssim`, which is the paper's, of grey.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

LOOP = "--loop"
BEHOLDER = "from beholder.cli import main; main()"


def make_folders(root: Path, pairs: int) -> tuple[Path, Path]:
    """Folders of 256x256 JPEGs: details of photographs at quality 95, and the same at 10 to 90."""
    import torch
    from PIL import Image

    from beholder.data.photos import PHOTOS
    from beholder.images import eight_bit

    folders = root / "reference", root / "distorted"
    for folder in folders:
        folder.mkdir()
    details = [photo.detail() for photo in PHOTOS]
    for index in range(pairs):
        # Rolled, so that no two references are the same file.
        rolled = torch.roll(details[index % len(details)], (index, index), dims=(1, 2))
        picture = Image.fromarray(eight_bit(rolled))
        for folder, quality in zip(folders, (95, 10 + index * 17 % 81), strict=True):
            picture.save(folder / f"{index:05}.jpg", quality=quality)
    return folders


def loop(kind: str, reference: Path, distorted: Path, output: Path) -> None:
    """What a user would write."""
    import numpy as np
    import torch
    from PIL import Image

    def load(path: Path) -> torch.Tensor:
        return torch.from_numpy(np.array(Image.open(path).convert("RGB"))).permute(2, 0, 1)[None] / 255

    if kind == "piq":
        import piq

        def score(x: torch.Tensor, y: torch.Tensor) -> tuple[float, ...]:
            return (piq.ssim(x, y, data_range=1.0).item(),)
    else:
        from torchmetrics.functional.image import structural_similarity_index_measure as ssim

        from lpips_peer import lpips_authors

        model = lpips_authors("alex")

        def score(x: torch.Tensor, y: torch.Tensor) -> tuple[float, ...]:
            return model(x, y, normalize=True).item(), ssim(x, y, data_range=1.0).item()

    with torch.inference_mode(), output.open("w") as file:
        for path in sorted(reference.iterdir()):
            scores = score(load(distorted / path.name), load(path))
            file.write(",".join(map(str, (path.name, *scores))) + "\n")


def compare(folders: tuple[Path, Path], root: Path, requests: tuple[str, str], kind: str, runs: int) -> float:
    """Time the loop and the command with what the loop computes, and with the grey SSIM, in turn; print it all.

    Gives our seconds for what the loop computes.
    """
    import polars as pl

    ours, theirs = root / "ours.csv", root / "theirs.csv"
    commands: dict[str, list[object]] = {
        request: ["-c", BEHOLDER, "score", *folders, "-m", request, "-o", ours] for request in requests
    }
    commands[kind] = [__file__, LOOP, kind, *folders, theirs]
    took: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(runs + 1):
        for name, command in commands.items():
            ours.unlink(missing_ok=True)
            seconds = run(command)
            if turn:  # the first turn warms the disk
                took[name].append(seconds)
    pairs = len(list(folders[0].iterdir()))
    print(f"\nthe command against a loop with {kind}, start-up included")
    for name, each in took.items():
        median = statistics.median(each)
        ratio = statistics.median(b / a for a, b in zip(each, took[kind], strict=True))
        print(f"  {name:28} {median:6.2f} s  {pairs / median:6.1f} pairs/s  {ratio:5.2f}x  {each}")
    alike = requests[0]
    before = busy()
    seconds = run(commands[alike])
    cores = len(os.sched_getaffinity(0))
    print(f"  cores that {alike} keeps busy: {(busy() - before) / seconds:.2f} of {cores}, start-up included")
    names = alike.split(",")
    found = pl.read_csv(ours)
    wanted = pl.read_csv(theirs, has_header=False, new_columns=["file", *names])
    for name in names:
        difference = (found[name] - wanted[name]).abs().max()
        print(f"  {name}: largest difference {difference:.1e}")
    return statistics.median(took[alike])


def busy() -> float:
    """Seconds that processors have worked for the processes that ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(command: list[object]) -> float:
    """Seconds of a process; what it prints is kept from the screen."""
    start = time.perf_counter()
    subprocess.run([sys.executable, *map(str, command)], check=True, capture_output=True)
    return round(time.perf_counter() - start, 2)


def bounds(folders: tuple[Path, Path], root: Path, seconds: float) -> None:
    """What the time of LPIPS and SSIM goes to, and how far each part is from what the machine can do."""
    import torch
    from PIL import Image
    from torch.utils.flop_counter import FlopCounterMode

    from beholder.catalog import create_metric
    from beholder.images import read_picture

    files = [path for folder in folders for path in sorted(folder.iterdir())]
    pairs = len(files) // 2
    one = root / "one"
    for name, file in (("reference", files[0]), ("distorted", files[pairs])):
        (one / name).mkdir(parents=True)
        (one / name / "a.jpg").write_bytes(file.read_bytes())
    flags = ["-m", "lpips_alex", "-m", "ssim:channel=rgb", "-o", root / "one.csv"]
    start_up = min(
        run(["-c", BEHOLDER, "score", one / "reference", one / "distorted", *flags]) for _ in range(3)
    )

    def bare(path: Path) -> None:
        Image.open(path).load()

    def ours(path: Path) -> None:
        read_picture(path)  # and not kept

    cores = torch.get_num_threads()
    size = sum(path.stat().st_size for path in files) / 1e6
    decoded = {}
    for name, decode in (("libjpeg-turbo alone", bare), ("read_picture", ours)):
        start = time.perf_counter()
        with ThreadPoolExecutor(cores) as threads:
            list(threads.map(decode, files))
        decoded[name] = time.perf_counter() - start
    x, y = torch.rand(2, 1, 3, 256, 256)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        create_metric("lpips_alex")(x, y)
    gigaflop = counter.get_total_flops() / 1e9
    left = torch.rand(2048, 2048)
    product = float("inf")
    for _ in range(5):
        start = time.perf_counter()
        left @ left
        product = min(product, time.perf_counter() - start)
    reached, limit = gigaflop * pairs / (seconds - start_up), 2 * 2048**3 / product / 1e9
    print(f"\nwhat bounds lpips_alex and ssim ({cores} cores, {seconds:.2f} s)")
    print(f"  start-up: {start_up:.2f} s (one pair)")
    for name, took in decoded.items():
        print(
            f"  decoding by {name}, all cores: {took:.2f} s, {size / took:.0f} MB/s of files, {len(files) / took:.0f} pictures/s"
        )
    print(f"  networks: {gigaflop:.2f} GFLOP a pair; {reached:.0f} GFLOP/s over all that follows start-up,")
    print(f"  {100 * reached / limit:.0f}% of the {limit:.0f} GFLOP/s of a float32 product of 2048x2048")


if __name__ == "__main__":
    if LOOP in sys.argv:
        loop(sys.argv[2], *map(Path, sys.argv[3:]))
    else:
        parser = argparse.ArgumentParser(
            description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        parser.add_argument("--pairs", type=int, default=1000)
        parser.add_argument("--runs", type=int, default=3)
        given = parser.parse_args()
        with tempfile.TemporaryDirectory() as name:
            root = Path(name)
            folders = make_folders(root, given.pairs)
            both = ("lpips_alex,ssim:channel=rgb", "lpips_alex,ssim")
            seconds = compare(folders, root, both, "lpips+torchmetrics", given.runs)
            compare(folders, root, ("ssim:channel=rgb", "ssim"), "piq", given.runs)
            bounds(folders, root, seconds)
