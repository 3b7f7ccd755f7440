"""Our scores against the values that the metrics' authors published for their own pictures.

Usage: python benchmarks/calibration.py CALIBRATION_FOLDER [LPIPS_EXAMPLE_FOLDER]

CALIBRATION_FOLDER holds official.csv (metric, convention, a column per picture), reference/ and distorted/.
LPIPS_EXAMPLE_FOLDER holds ex_ref.png, ex_p0.png and ex_p1.png of the LPIPS repository.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

import beholder

# The authors' MATLAB code sees rgb2gray of 8-bit pictures, rounded to 8 bits; the published MS-SSIM values
# are those of msssim.m with its method 'wtd_sum'.
REQUESTS = {
    "psnr": "psnr",
    "ssim": "ssim:channel=grey8",
    "ms_ssim": "ms_ssim:channel=grey8:method=wtd_sum",
    "fsimc": "fsimc",
    "cw_ssim": "cw_ssim:channel=grey8",
    "gmsd": "gmsd:channel=grey8",
    "nlpd": "nlpd:channel=grey8",
    "lpips_alex": "lpips_alex",
    "dists": "dists",
}
LPIPS_EXAMPLE = {"lpips_alex": (0.7219, 0.1376), "lpips_vgg": (0.5686, 0.4217)}


def significant_step(text: str) -> float:
    """One unit in the last digit given: 0.6993 -> 0.0001."""
    return 10.0 ** -len(text.partition(".")[2])


def main(calibration: Path, example: Path | None) -> int:
    table = Table("picture", "metric", "authors", "ours", "difference", "agrees to the digits given")
    misses = 0
    with (calibration / "official.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["metric"] in REQUESTS]
    names = [name for name in rows[0] if name not in ("metric", "convention")]
    pairs = [
        (calibration / "reference" / f"{name}.png", calibration / "distorted" / f"{name}.png")
        for name in names
    ]
    scores = beholder.score(pairs, list(REQUESTS.values())).frame
    for row in rows:
        for name, ours in zip(names, scores[REQUESTS[row["metric"]]], strict=True):
            # Half a unit of the last digit, or what float32 arithmetic leaves where more digits are given.
            tolerance = max(significant_step(row[name]) / 2 * 1.0001, 5e-7)
            difference = abs(ours - float(row[name]))
            misses += difference > tolerance
            good = "yes" if difference <= tolerance else "NO"
            table.add_row(name, REQUESTS[row["metric"]], row[name], f"{ours:.8f}", f"{difference:.1e}", good)
    if example:
        shown = beholder.score(
            [(example / "ex_ref.png", example / f"ex_{p}.png") for p in ("p0", "p1")], [*LPIPS_EXAMPLE]
        )
        for metric, values in LPIPS_EXAMPLE.items():
            for name, value, ours in zip(("ex_p0", "ex_p1"), values, shown.frame[metric], strict=True):
                good = abs(ours - value) < 1e-4
                misses += not good
                table.add_row(
                    name,
                    metric,
                    str(value),
                    f"{ours:.8f}",
                    f"{abs(ours - value):.1e}",
                    "yes" if good else "NO",
                )
    Console().print(table)
    return 1 if misses else 0


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) == 3 else None))
