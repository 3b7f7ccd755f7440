"""What all distortions promise."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from torch import Tensor

from beholder.catalog import create_metric
from beholder.data.distortions import DISTORTIONS, Distortion, find_distortion
from beholder.data.drawing import random_source
from beholder.data.photos import PHOTOS
from beholder.spec import ShapeError, UsageError

ROOT = Path(__file__).parents[3]
STRENGTHS = (0.1, 0.3, 0.5, 0.7, 0.9)
SEEDS = range(4)
NOTHING_DRAWN = {"gaussian_blur", "bilateral_blur", "jpeg"}

each = pytest.mark.parametrize("distortion", DISTORTIONS.values(), ids=DISTORTIONS)


@pytest.fixture(scope="module")
def patches() -> Tensor:
    """Details of five photographs, shape (5, 3, 64, 64)."""
    return torch.stack([photo.detail(160)[:, 48:112, 48:112] for photo in PHOTOS[:5]])


def pictures(patch: Tensor) -> dict[str, Tensor]:
    return {
        "photograph": patch,
        "grey": patch.mean(0, keepdim=True).repeat(3, 1, 1),
        "flat": torch.full((3, 20, 20), 0.4),
        "black": torch.zeros(3, 17, 23),
        "white": torch.ones(3, 16, 16),
        "odd": patch[:, :33, :21],
        "row": patch[:, :1, :40],
        "column": patch[:, :40, :1],
    }


def test_there_are_twenty() -> None:
    assert len(DISTORTIONS) == 20
    assert [one.name for one in DISTORTIONS.values()] == list(DISTORTIONS)
    assert {one.kind for one in DISTORTIONS.values()} == {
        "photometric",
        "noise",
        "blur",
        "spatial",
        "compression",
    }


@each
def test_any_picture_keeps_shape_range_and_type(distortion: Distortion, patches: Tensor) -> None:
    for what, picture in pictures(patches[0]).items():
        before = picture.clone()
        for strength in (0.0, 0.37, 1.0):
            found = distortion(picture, strength, random_source("0"))
            assert found.shape == picture.shape, what
            assert found.dtype == torch.float32, what
            assert found.isfinite().all(), what
            assert found.min() >= 0, what
            assert found.max() <= 1, what
        assert torch.equal(picture, before), what


@each
def test_strength_0_leaves_the_picture(distortion: Distortion, patches: Tensor) -> None:
    for what, picture in pictures(patches[1]).items():
        for seed in SEEDS:
            found = distortion(picture, 0, random_source(f"{seed}"))
            assert (found - picture).abs().max() < 1e-4, what


@each
def test_the_generator_decides_and_nothing_else(distortion: Distortion, patches: Tensor) -> None:
    state = torch.get_rng_state()
    first = distortion(patches[0], 0.5, random_source("1"))
    assert torch.equal(state, torch.get_rng_state())
    assert torch.equal(first, distortion(patches[0], 0.5, random_source("1")))
    found = [distortion(patches[0], 0.5, random_source(f"{seed}")) for seed in range(8)]
    draws = distortion.name not in NOTHING_DRAWN
    assert any((other - found[0]).abs().max() > 1e-3 for other in found) == draws


@each
def test_how_much_is_drawn_does_not_depend_on_the_strength(distortion: Distortion, patches: Tensor) -> None:
    left = []
    for strength in (0, 0.1, 1):
        draw = random_source("2")
        distortion(patches[0], strength, draw)
        left.append(torch.rand(3, generator=draw).tolist())
    assert left[0] == left[1] == left[2]


@pytest.mark.parametrize(
    "distortion", [one for name, one in DISTORTIONS.items() if name not in NOTHING_DRAWN]
)
def test_the_same_seed_grows(distortion: Distortion, patches: Tensor) -> None:
    # What a little more strength changes is alike to what a little changed: the direction stays.
    for seed in SEEDS:
        weak, stronger = (
            distortion(patches[2], s, random_source(f"{seed}")) - patches[2] for s in (0.04, 0.08)
        )
        assert torch.cosine_similarity(weak.flatten(), stronger.flatten(), 0) > 0.8


@pytest.fixture(scope="module")
def grown(patches: Tensor) -> dict[str, Tensor]:
    """Each distortion of all patches, by strengths and seeds: (strengths, seeds * patches, 3, 64, 64)."""
    return {
        name: torch.stack(
            [
                torch.stack([one(patch, s, random_source(f"{seed}")) for seed in SEEDS for patch in patches])
                for s in STRENGTHS
            ]
        )
        for name, one in DISTORTIONS.items()
    }


@pytest.mark.parametrize("name", DISTORTIONS)
def test_stronger_is_farther_from_the_picture(name: str, grown: dict[str, Tensor], patches: Tensor) -> None:
    references = patches.repeat(len(SEEDS), 1, 1, 1)
    metric = create_metric("lpips_alex")
    psnr = [
        -10 * (made - references).square().mean((1, 2, 3)).clamp_min(1e-10).log10().mean()
        for made in grown[name]
    ]
    lpips = [metric(made, references).mean() for made in grown[name]]
    assert psnr == sorted(psnr, reverse=True)
    assert lpips == sorted(lpips)
    assert lpips[-1] > 0.02, "the strongest is seen"


def test_what_is_impossible_is_refused() -> None:
    shift, picture = DISTORTIONS["shift"], torch.rand(3, 16, 16)
    for bad in (-0.1, 1.1, float("nan")):
        with pytest.raises(UsageError, match=r"the strength is .* from 0 to 1"):
            shift(picture, bad, random_source("0"))
    with pytest.raises(ShapeError, match=r"\(1, 16, 16\)"):
        shift(picture[:1], 0.5, random_source("0"))
    with pytest.raises(UsageError, match=r"no distortion 'ghost'\. Did you mean ghosting"):
        find_distortion("ghost")


def test_levels_are_taken_as_files_have_them(patches: Tensor) -> None:
    levels = (patches[0] * 255).round().to(torch.uint8)
    shift = DISTORTIONS["shift"]
    assert torch.equal(shift(levels, 0.5, random_source("0")), shift(levels / 255, 0.5, random_source("0")))


def test_the_table_in_the_docs_is_this_one() -> None:
    page = (ROOT / "docs" / "distortions.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (.*?) \| (.*?) \|$", page, re.MULTILINE)
    assert rows == [(one.name, one.kind, one.title, one.strength) for one in DISTORTIONS.values()]
