"""Our scores against the values that the metrics' authors published for their own pictures.

Usage: python benchmarks/calibration.py CALIBRATION_FOLDER [LPIPS_EXAMPLE_FOLDER]

CALIBRATION_FOLDER holds official.csv (metric, convention, a column per picture), reference/ and distorted/.
LPIPS_EXAMPLE_FOLDER holds ex_ref.png, ex_p0.png and ex_p1.png of the LPIPS repository.
"""

from __future__ import annotations

import csv
import dataclasses
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
    "vif_wavelet": "vif_wavelet:channel=grey8",
    "gmsd": "gmsd:channel=grey8",
    "nlpd": "nlpd:channel=grey8",
    "lpips_alex": "lpips_alex",
    "dists": "dists",
}
LPIPS_EXAMPLE = {"lpips_alex": (0.7219, 0.1376), "lpips_vgg": (0.5686, 0.4217)}


def significant_step(text: str) -> float:
    """One unit in the last digit given: 0.6993 -> 0.0001."""
    return 10.0 ** -len(text.partition(".")[2])


@dataclasses.dataclass(frozen=True)
class Comparison:
    """A score beside what the authors published for it."""

    picture: str
    request: str
    authors: str
    ours: float
    tolerance: float

    @property
    def difference(self) -> float:
        """How far ours is from the authors'."""
        return abs(self.ours - float(self.authors))

    @property
    def agrees(self) -> bool:
        """Whether ours is theirs to the digits given."""
        return self.difference <= self.tolerance


def compare(calibration: Path) -> list[Comparison]:
    """Every metric in REQUESTS on every calibration picture."""
    with (calibration / "official.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["metric"] in REQUESTS]
    names = [name for name in rows[0] if name not in ("metric", "convention")]
    pairs = [
        (calibration / "reference" / f"{name}.png", calibration / "distorted" / f"{name}.png")
        for name in names
    ]
    scores = beholder.score(pairs, list(REQUESTS.values()))
    # Half a unit of the last digit, or what float32 arithmetic leaves where more digits are given.
    return [
        Comparison(name, request, row[name], ours, max(significant_step(row[name]) / 2 * 1.0001, 5e-7))
        for row in rows
        for request in (REQUESTS[row["metric"]],)
        for name, ours in zip(names, scores[request], strict=True)
    ]


def compare_example(example: Path) -> list[Comparison]:
    """LPIPS on the three pictures of its own repository."""
    shown = beholder.score(
        [(example / "ex_ref.png", example / f"ex_{p}.png") for p in ("p0", "p1")], [*LPIPS_EXAMPLE]
    )
    return [
        Comparison(name, metric, str(value), ours, 1e-4)
        for metric, values in LPIPS_EXAMPLE.items()
        for name, value, ours in zip(("ex_p0", "ex_p1"), values, shown[metric], strict=True)
    ]


def main(calibration: Path, example: Path | None) -> int:
    found = compare(calibration) + (compare_example(example) if example else [])
    table = Table("picture", "metric", "authors", "ours", "difference", "agrees to the digits given")
    for each in found:
        told = (f"{each.ours:.8f}", f"{each.difference:.1e}", "yes" if each.agrees else "NO")
        table.add_row(each.picture, each.request, each.authors, *told)
    Console().print(table)
    return 0 if all(each.agrees for each in found) else 1


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) == 3 else None))
