"""What engine and precision change in scores, against torch in float32, in units that a reader can judge.

Usage: python benchmarks/precision.py

The unit is the scatter of a metric among differences that are just noticeable, if at all: the standard deviation of its
scores over JPEGs of quality 90 of 256x256 details of twelve photographs. An error far below 1 decides nothing that a person
could see. Prints a table in Markdown, which docs/engines.md holds.
"""

from __future__ import annotations

import torch

from beholder.catalog import create_degradation
from beholder.data.photos import PHOTOS
from engines import listed, scorer_of

METRICS = (
    "lpips_alex",
    "lpips_vgg",
    "lpips:vgg16",
    "stlpips_alex",
    "stlpips_vgg",
    "dists",
    "content",
    "gram",
    "contextual",
)
NOTICEABLE = "jpeg:quality=90"
OTHERS = ("jpeg:quality=50", "jpeg:quality=10", "noise:sigma=0.05")
_PHOTOS = 12
WAYS = (("winograd", "fp32"), ("openvino", "fp32"), ("openvino", "bf16"), ("torch", "bf16"))


def main() -> None:
    """Print the table."""
    details = [photo.detail(256) for photo in PHOTOS[:_PHOTOS]]
    pairs = {}
    for request in (NOTICEABLE, *OTHERS):
        spoil = create_degradation(request)
        pairs[request] = listed(
            [(spoil(clean, torch.Generator().manual_seed(seed)), clean) for seed, clean in enumerate(details)]
        )
    everything = [pair for some in pairs.values() for pair in some]
    print("| metric | scatter | " + " | ".join(f"{engine} {precision}" for engine, precision in WAYS) + " |")
    print("| --- | --- | " + " | ".join("---" for _ in WAYS) + " |")
    for metric in METRICS:
        expected = scorer_of((metric,), "torch", "fp32")(everything)
        scatter = expected[: len(details)].std()
        cells = []
        for engine, precision in WAYS:
            difference = (scorer_of((metric,), engine, precision)(everything) - expected).abs()
            relative = (difference / expected).median()
            cells.append(f"{difference.max() / scatter:.1e} ({relative:.1e})")
        print(f"| `{metric}` | {scatter:.3g} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
