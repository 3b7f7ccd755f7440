"""Pixels that are moved."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from skimage import transform
from torch import Tensor

from beholder.data.distortions import DISTORTIONS
from beholder.data.distortions.spatial.control_points import draw_displacements
from beholder.data.distortions.spatial.homography import _homography
from beholder.data.distortions.spatial.sampling import fetch
from beholder.data.drawing import random_source
from beholder.data.photos import PHOTOS

SPATIAL = [name for name, each in DISTORTIONS.items() if each.kind == "spatial"]


def ramps(height: int = 64, width: int = 64) -> Tensor:
    """Red tells the row, green the column, in hundredths, from 0.18: where a pixel came from can be read off,
    to a tenth of a pixel: torch's cubic, whose parameter is -0.75, does not keep straight lines quite straight."""
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return torch.stack([rows, columns, torch.zeros_like(rows)]) / 100 + 0.18


def moved(name: str, strength: float, seed: int) -> Tensor:
    """How many pixels below and to the right the inner pixels came from, shape (2, 32, 32)."""
    made = DISTORTIONS[name](ramps(), strength, random_source(f"{seed}"))
    return (100 * (made - ramps())[:2])[:, 16:48, 16:48]


def test_whole_pixels_are_fetched_as_they_are_and_edges_mirrored() -> None:
    picture = torch.rand(3, 20, 30, generator=random_source("picture"))
    mirrored = np.pad(picture.numpy(), ((0, 0), (4, 4), (3, 3)), mode="symmetric")
    assert np.abs(fetch(picture, 4, -3).numpy() - mirrored[:, 8:28, :30]).max() < 1e-4


@pytest.mark.parametrize("name", SPATIAL)
def test_no_black_comes_in(name: str) -> None:
    for seed in range(6):
        made = DISTORTIONS[name](ramps(), 1, random_source(f"{seed}"))
        assert made[:2].min() > 0.15


@pytest.mark.parametrize("name", SPATIAL)
def test_flat_stays_flat(name: str) -> None:
    flat = torch.tensor([0.2, 0.5, 0.8])[:, None, None].expand(3, 31, 45).clone()
    assert torch.allclose(DISTORTIONS[name](flat, 1, random_source("0")), flat, atol=1e-5)


def test_a_shift_has_its_length_and_any_direction() -> None:
    found = torch.stack([moved("shift", 0.5, seed).mean((1, 2)) for seed in range(24)])
    assert found.norm(dim=1).tolist() == pytest.approx([4.0] * 24, abs=0.1)
    assert len({tuple((each > 0).tolist()) for each in found}) == 4


def test_colours_are_drawn_apart_by_as_much() -> None:
    picture = ramps()[:1].repeat(3, 1, 1)
    down = DISTORTIONS["chromatic_aberration"](picture, 1, random_source("0")) - picture
    red, green, blue = 100 * down[:, 32, 32]
    assert green == 0
    assert red.item() == pytest.approx(-blue.item(), abs=0.1)
    assert 0.1 < red.abs() <= 4.1


def test_a_ghost_is_the_picture_beside_itself() -> None:
    point = torch.zeros(3, 41, 41)
    point[:, 20, 20] = 1
    for seed in range(6):
        made = DISTORTIONS["ghosting"](point, 1, random_source(f"{seed}"))[0]
        assert made[20, 20] == pytest.approx(0.5, abs=0.01)
        made[20, 20] = 0
        row, column = divmod(int(made.argmax()), 41)
        assert 3.2 < math.hypot(row - 20, column - 20) < 10.8
        assert 0.1 < made.max() <= 0.51


def test_affine_is_a_matrix_with_one_part_in_full() -> None:
    for seed in range(8):
        down, right = moved("affine", 1, seed)
        rows, columns = torch.meshgrid(
            torch.arange(16, 48) - 31.5, torch.arange(16, 48) - 31.5, indexing="ij"
        )
        places = torch.stack([rows.flatten(), columns.flatten(), torch.ones(1024)], 1)
        solved = torch.linalg.lstsq(places, torch.stack([down.flatten(), right.flatten()], 1))
        assert (
            places @ solved.solution - torch.stack([down.flatten(), right.flatten()], 1)
        ).abs().max() < 0.1
        assert solved.solution[2].abs().max() < 0.01, "the centre stays"
        assert solved.solution[:2].abs().max() > 0.09


def test_homographies_are_scikit_images() -> None:
    corners = torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=torch.float64)
    images = corners + 0.15 * torch.randn(4, 2, dtype=torch.float64, generator=random_source("corners"))
    found = _homography(corners, images).numpy()
    places = np.random.default_rng(0).random((20, 2))
    expected = transform.ProjectiveTransform(found)(corners.numpy())
    assert np.allclose(expected, images.numpy())
    assert np.isfinite(transform.ProjectiveTransform(found)(places)).all()


def test_control_points_are_met_and_between_them_lines_or_curves() -> None:
    linear = draw_displacements(49, 33, 16, "bilinear", random_source("0"))
    cubic = draw_displacements(49, 33, 16, "bicubic", random_source("0"))
    assert linear.shape == cubic.shape == (2, 49, 33)
    assert torch.allclose(linear[:, ::16, ::16], cubic[:, ::16, ::16], atol=1e-5)
    assert linear.abs().max() <= 1
    bends = [field.diff(n=2, dim=1).abs() for field in (linear, cubic)]
    assert bends[0][:, :14].max() < 1e-5
    assert bends[0][:, 15].max() > 0.01
    assert bends[1].max() < bends[0].max()


def test_warps_do_not_fold() -> None:
    for name in ("linear_warp", "cubic_warp"):
        for seed in range(10):
            down, right = moved(name, 1, seed)
            assert down.diff(dim=0).min() > -1
            assert right.diff(dim=1).min() > -1


def test_detail_stays_sharp() -> None:
    # Half a pixel off, bicubic interpolation keeps most of what bilinear would blur.
    picture = PHOTOS[1].detail(64)
    kept = fetch(picture, 0.5, 0.5).diff(dim=2).square().mean() / picture.diff(dim=2).square().mean()
    assert kept > 0.7
