"""Largest difference of each metric from its peers, on the same tensors.

In float64 only the definitions are left to differ; in float32 both sides' rounding comes on top.

Usage: python benchmarks/accuracy.py [METRIC ...] [--calibration FOLDER [--example FOLDER]] [--page docs/accuracy.md]
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import math
from collections.abc import Iterator
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

import beholder
from beholder.data.degradations import add_noise, blur, shrink_and_enlarge
from beholder.data.photos import PHOTOS
from calibration import compare, compare_example
from peers import PEERS

LIMIT = 1e-4
# What lies beyond it, by metric and reference: the step in which the definitions differ. The metrics' pages tell more.
EXPLAINED: dict[tuple[str, str], str] = {
    ("ssim:channel=rgb", "torchmetrics"): "averages over the border, where its window meets mirrored pixels",
    (
        "ms_ssim:channel=rgb",
        "torchmetrics",
    ): "averages over the border, where its window meets mirrored pixels",
    (
        "uqi:channel=rgb",
        "torchmetrics, Gaussian window",
    ): "a Gaussian window of 11; the paper's is a box of 8",
    ("uqi", "torchmetrics, Gaussian window"): "a Gaussian window of 11; the paper's is a box of 8",
    (
        "vmaf",
        "vmaf-torch",
    ): "on a scale of 100; its filters are rounded to float32, which takes some windows over "
    "libvmaf's step at a variance of 2",
    ("psnr_hvs_m", "libvmaf, another table"): "another contrast table, blocks with a step of 7",
    ("sr_sim", "piq"): "stretches saliency over the whole batch, so that scores depend on batch mates",
    (
        "fsimc",
        "piq",
    ): "takes the power of a negative chroma product's absolute value; the authors its real part",
    ("haarpsi", "piq"): "other digits of YIQ",
    ("ciede2000", "scikit-image"): "other digits of the sRGB matrix and white",
}
PAGE = """# Accuracy

Largest difference of each metric from its reference implementations, run live on the same tensors (12 pairs of 256x256:
noise, blur, shrinking), and from the values that authors published for their own pictures. In float64 only the definitions
are left to differ; in float32 the rounding of both sides comes on top. What lies beyond 1e-4 is explained; of published values,
what lies beyond the digits given. Features of VMAF against libvmaf's, frame by frame: [VMAF](metrics/vmaf.md).
Written by `benchmarks/accuracy.py`.

| metric | reference | float32 | float64 | scores | why they differ |
| --- | --- | --- | --- | --- | --- |
{rows}
"""


def pairs() -> tuple[torch.Tensor, torch.Tensor]:
    """Spoilt 256x256 details of photographs and their originals, shape (N, 3, 256, 256)."""
    distorted, references = [], []
    for photo in PHOTOS[:4]:
        detail = photo.detail()
        for spoilt in (add_noise(detail, 0.1, seed=0), blur(detail, 2), shrink_and_enlarge(detail, 3)):
            distorted.append(spoilt)
            references.append(detail)
    return torch.stack(distorted), torch.stack(references)


@dataclasses.dataclass(frozen=True)
class Difference:
    """The largest difference of a metric from a reference."""

    metric: str
    reference: str
    single: float | None
    double: float | None
    scores: str
    tolerance: float = LIMIT

    @property
    def largest(self) -> float:
        """What the definition leaves: in float64 where there is that."""
        return next(found for found in (self.double, self.single) if found is not None)


def against_peers(names: list[str]) -> Iterator[Difference]:
    """Each metric against the libraries that a user would pick otherwise, on the same tensors."""
    x, y = pairs()
    for name, peers in ((name, PEERS[name]) for name in names):
        found: dict[torch.dtype, Tensor] = {}
        for dtype in (torch.float32, torch.float64):
            metric = beholder.create_metric(name).to(dtype)
            with torch.inference_mode():
                found[dtype] = metric(x.to(dtype), y.to(dtype))
        for peer, function in peers:
            with torch.inference_mode():
                single, double = (
                    (ours - function(x.to(dtype), y.to(dtype))).abs().max().item()
                    for dtype, ours in found.items()
                )
            ours = found[torch.float64]
            yield Difference(name, peer, single, double, f"{ours.min():.4f} to {ours.max():.4f}")


def against_authors(calibration: Path, example: Path | None) -> Iterator[Difference]:
    """Each metric against what its authors published, on their pictures."""
    found = compare(calibration) + (compare_example(example) if example else [])
    for request, group in itertools.groupby(found, key=lambda each: each.request):
        each = list(group)
        told = f"{len(each)} published values, to {max(len(value.authors.partition('.')[2]) for value in each)} digits"
        worst = max(value.difference for value in each)
        tolerance = math.inf if all(value.agrees for value in each) else LIMIT
        yield Difference(request, "authors' values", worst, None, told, tolerance)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calibration", type=Path, help="folder of official.csv, reference/ and distorted/")
    parser.add_argument("--example", type=Path, help="folder of ex_ref.png, ex_p0.png and ex_p1.png")
    parser.add_argument("metrics", nargs="*", default=list(PEERS), help="some of those that have peers")
    parser.add_argument("--page", type=Path, help="Markdown page to write")
    arguments = parser.parse_args()
    differences = list(against_peers(arguments.metrics))
    if arguments.calibration:
        differences += against_authors(arguments.calibration, arguments.example)
    unexplained = [each for each in differences if each.largest > each.tolerance and why(each) == ""]
    table = Table("metric", "reference", "float32", "float64", "scores", "why they differ")
    rows = [
        (each.metric, each.reference, told(each.single), told(each.double), each.scores,
         why(each) if each.largest > each.tolerance else "")
        for each in sorted(differences, key=lambda each: each.metric)
    ]  # fmt: skip
    for row in rows:
        table.add_row(*row)
    Console(width=160).print(table)
    if arguments.page:
        lines = [
            "| " + " | ".join(f"`{cell}`" if place == 0 else cell for place, cell in enumerate(row)) + " |"
            for row in rows
        ]
        arguments.page.write_text(PAGE.format(rows="\n".join(lines)), encoding="utf-8")
    for each in unexplained:
        print(f"not explained: {each.metric} against {each.reference}: {each.largest:.1e}")
    return 1 if unexplained else 0


def told(difference: float | None) -> str:
    return "" if difference is None else f"{difference:.1e}"


def why(each: Difference) -> str:
    """Why a definition differs, by metric and reference."""
    return EXPLAINED.get((each.metric, each.reference), "")


if __name__ == "__main__":
    raise SystemExit(main())
