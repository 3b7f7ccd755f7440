"""Scores against the values of reference implementations, kept with their provenance."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from beholder.catalog import create_metric
from golden.pictures import golden_pair

ENTRIES: list[dict[str, Any]] = json.loads(Path(__file__).with_name("values.json").read_text())["entries"]


@pytest.mark.parametrize("entry", ENTRIES, ids=[entry["metric"] for entry in ENTRIES])
def test_agrees_with_the_reference_implementation(entry: dict[str, Any]) -> None:
    pairs = [golden_pair(distortion) for distortion in entry["values"]]
    x = torch.cat([distorted for distorted, _ in pairs])
    found = create_metric(entry["metric"])(x, pairs[0][1].expand(len(x), -1, -1, -1)).tolist()
    told = dict(zip(entry["values"], found, strict=True))
    assert told == pytest.approx(entry["values"], rel=0, abs=entry["tolerance"]), entry["source"]


def test_gmsd_by_hand() -> None:
    """A vertical edge against a flat picture, worked out with the definition alone."""
    y = torch.zeros(1, 3, 8, 8)
    y[..., 4:] = 1  # after 2x2 averaging: columns 0 0 1 1 of 4
    x = torch.zeros_like(y)
    # Prewitt across, zeros beyond the border: columns 0, 1, 1, -1 in inner rows and 2/3 of that in outer rows.
    # Down: only outer rows see the border, in columns where the row sum is not 0: 1/3, 2/3, 2/3 of 1.
    c = 170 / 255**2
    inner = [0.0, 1.0, 1.0, 1.0]
    outer = [0.0, (4 + 1) / 9, (4 + 4) / 9, (4 + 4) / 9]
    similarity = torch.tensor([[c / (m + c) for m in row] for row in (outer, inner, inner, outer)])
    assert create_metric("gmsd")(x, y).item() == pytest.approx(similarity.std().item(), abs=1e-6)
