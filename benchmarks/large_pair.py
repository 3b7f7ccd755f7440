"""Memory that `beholder score` takes for a pair of 24 megapixels, of the whole process, at its peak.

A photograph is enlarged to 6000x4000 pixels and compared with its JPEG of quality 40.

Usage: python benchmarks/large_pair.py [METRIC,...]

By default ssim,ms_ssim,gmsd,lpips_alex in one run, and each of them by itself. Others may take minutes.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from children import BEHOLDER, measure

METRICS = ("ssim", "ms_ssim", "gmsd", "lpips_alex")
PREPARE = "--prepare"


def prepare(folder: Path, size: tuple[int, int] = (6000, 4000)) -> None:
    """Write the pair."""
    from PIL import Image

    from beholder.data.photos import PHOTOS
    from beholder.images import eight_bit

    picture = Image.fromarray(eight_bit(PHOTOS[0].load())).resize(size, Image.Resampling.BICUBIC)
    picture.save(folder / "reference.png", compress_level=1)
    picture.save(folder / "distorted.jpg", quality=40)


def main(requests: list[str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([sys.executable, __file__, PREPARE, name], check=True)  # nothing heavy in this process
        for request in requests:
            command = (*BEHOLDER, "score", "reference.png", "distorted.jpg", "-m", request, "--quiet")
            peak, seconds = measure((*command, "-o", "scores.csv"), folder)
            print(f"{request:32} {peak:6.0f} MB {seconds:6.1f} s", flush=True)
            (folder / "scores.csv").unlink()


if __name__ == "__main__":
    if sys.argv[1:2] == [PREPARE]:
        prepare(Path(sys.argv[2]))
    else:
        main(sys.argv[1:] or [",".join(METRICS), *METRICS])
