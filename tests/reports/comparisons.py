"""A comparison whose numbers are made up."""

from __future__ import annotations

import numpy as np
import polars as pl
from torch import Tensor

from beholder.catalog import describe_metric
from beholder.reports.compare_findings import Findings, find
from beholder.reports.restored_page import Restorations

__all__ = ["SPECS", "make_findings", "make_frame", "make_pictures"]

SPECS = {name: describe_metric(name) for name in ("psnr", "lpips_alex")}


def make_frame(pictures: int = 12, candidates: tuple[str, ...] = ("one", "two", "three")) -> pl.DataFrame:
    """Scores of candidates: each is 1 dB better than the one before on all pictures, and by LPIPS no better but by chance."""
    draw = np.random.default_rng(0)
    rows = []
    for number in range(pictures):
        of_picture = draw.normal(25, 3)
        for place, name in enumerate(candidates):
            rows.append(
                {
                    "picture": f"p{number}",
                    "candidate": name,
                    "psnr": of_picture + place + draw.uniform(0, 0.4),
                    "lpips_alex": draw.uniform(0.2, 0.4),
                    "error": None,
                }
            )
    return pl.DataFrame(rows, schema_overrides={"error": pl.String})


def make_findings(
    pictures: int = 12, candidates: tuple[str, ...] = ("one", "two", "three"), baseline: str | None = None
) -> Findings:
    """What is found in them."""
    return find(make_frame(pictures, candidates), SPECS, baseline=baseline)


def make_pictures(findings: Findings, photo: Tensor) -> Restorations:
    """A page's pictures: the photo, half its size as the input, and darker for each candidate."""
    pictures = Restorations()
    for name in findings.measured["psnr"].pictures:
        versions = {"reference": photo, "input": photo[:, ::2, ::2]}
        versions |= {each: photo * (0.9 - 0.1 * place) for place, each in enumerate(findings.candidates)}
        pictures.add(name, versions)
    return pictures
