"""A patch from part of a picture is the patch from all of it."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from beholder.catalog import create_degradation
from beholder.data.degradations.area import Area, degrade_area
from beholder.data.photos import PHOTOS

PICTURE = (PHOTOS[1].load()[:, :203, :230] * 255).round().to(torch.uint8)
CORNERS = [(0, 0), (1, 7), (15, 16), (16, 15), (41, 77)]


def patch(request: str, top: int, left: int, side: int) -> tuple[Tensor, Tensor, list[Area]]:
    """A patch from part of the picture, the same from all of it, and what was read."""
    degradation, read = create_degradation(request), []

    def cut(area: Area) -> Tensor:
        read.append(area)
        return area.cut(PICTURE, (0, 0))

    wanted = Area(top, left, side, side)
    found = degrade_area(degradation, cut, (203, 230), wanted, torch.Generator().manual_seed(0))
    whole = degradation(PICTURE, torch.Generator().manual_seed(0))
    return found, wanted.cut(whole, (0, 0)), read


@pytest.mark.parametrize("corner", [*CORNERS, (161, 188)])
@pytest.mark.parametrize(
    "request_",
    [
        "jpeg",
        "jpeg:subsampling=4\\:2\\:2",
        "jpeg:subsampling=4\\:4\\:4",
        "jpeg:channel=y",
        "jpeg:quality=5..95",
        "grey",
    ],
)
def test_a_jpegs_patch_is_exact(request_: str, corner: tuple[int, int]) -> None:
    found, expected, read = patch(request_, *corner, 42)
    assert torch.equal(found, expected)
    assert read[0].height * read[0].width <= 80 * 80


@pytest.mark.parametrize("corner", [(0, 0), (3, 5), (9, 14)])
@pytest.mark.parametrize(
    "request_", ["shrink:scale=4", "shrink:scale=3", "shrink:sigma=2:across=0.5:angle=20"]
)
def test_a_shrunk_patch_shows_no_edges(request_: str, corner: tuple[int, int]) -> None:
    found, expected, read = patch(request_, *corner, 24)
    # sums in another order: now and then one rounds to the level beside
    difference = (found - expected).abs() * 255
    assert difference.max() < 1.01
    assert (difference > 0.5).float().mean() < 2e-3
    assert read[0].height <= 24 * 4 + 2 * 4 * 6


@pytest.mark.parametrize("request_", ["jpeg:quality=30, shrink:scale=2", "shrink:scale=2, jpeg:quality=30"])
def test_patches_of_several_steps(request_: str) -> None:
    found, expected, _ = patch(request_, 21, 13, 32)
    assert (found - expected).abs().mean() * 255 < 0.01


def test_the_last_rows_of_a_picture() -> None:
    found, expected, _ = patch("shrink:scale=4", 203 // 4 - 12, 230 // 4 - 12, 12)
    assert (found - expected).abs().max() * 255 < 1.01
    assert found.shape == (3, 12, 12)
