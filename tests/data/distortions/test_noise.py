"""What is added to a picture."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor

from beholder.data.degradations import Noise
from beholder.data.distortions import DISTORTIONS
from beholder.data.distortions.noise.spectrum import draw_field
from beholder.data.drawing import random_source

SIDE = 128


def noise(name: str, strength: float = 0.3, seed: int = 0) -> Tensor:
    flat = torch.full((3, SIDE, SIDE), 0.5)
    return DISTORTIONS[name](flat, strength, random_source(f"{seed}")) - flat


def slope(field: Tensor) -> float:
    """Of the radial power spectrum of planes, shape (N, H, W), in logarithms, between 3 periods and half of Nyquist's."""
    power = torch.fft.fft2(field).abs().square().mean(0).numpy()
    rows, columns = np.fft.fftfreq(field.shape[1])[:, None], np.fft.fftfreq(field.shape[2])[None]
    radius = np.hypot(rows, columns) * field.shape[1]
    rings = range(3, field.shape[1] // 2)
    mean = [power[(radius >= ring - 0.5) & (radius < ring + 0.5)].mean() for ring in rings]
    return float(np.polyfit(np.log(rings), np.log(mean), 1)[0])


@pytest.mark.parametrize(
    ("name", "expected"),
    [("uniform_white_noise", 0), ("gaussian_white_noise", 0), ("pink_noise", -1), ("blue_noise", 1)],
)
def test_spectra_have_their_slopes(name: str, expected: float) -> None:
    planes = torch.cat([noise(name, seed=seed)[:1] for seed in range(6)])
    assert slope(planes) == pytest.approx(expected, abs=0.1)


def test_coloured_noise_goes_from_brown_to_violet() -> None:
    found = [slope(noise("gaussian_coloured_noise", 0.1, seed)) for seed in range(40)]
    assert -2.3 < min(found) < -1.5
    assert 1.5 < max(found) < 2.3
    assert abs(np.mean(found)) < 0.5


@pytest.mark.parametrize("exponent", [-2, -1, 0, 1, 2])
def test_fields_follow_any_power(exponent: float) -> None:
    field = draw_field((12, SIDE, SIDE + 1), exponent, random_source("field"))
    assert slope(field) == pytest.approx(exponent, abs=0.1)
    assert field.mean((1, 2)).abs().max() < 1e-5
    assert field.square().mean().item() == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize(
    "name",
    ["uniform_white_noise", "gaussian_white_noise", "pink_noise", "blue_noise", "gaussian_coloured_noise"],
)
def test_the_deviation_is_the_same_for_all(name: str) -> None:
    assert noise(name).square().mean().sqrt().item() == pytest.approx(0.06, rel=0.02)


def test_distributions() -> None:
    uniform = noise("uniform_white_noise").flatten().numpy() / (math.sqrt(3) * 0.06)
    assert stats.kstest(uniform, "uniform", (-1, 2)).pvalue > 0.01
    gaussian = noise("gaussian_white_noise").flatten().numpy() / 0.06
    assert stats.kstest(gaussian, "norm").pvalue > 0.01


def test_gaussian_noise_is_the_degradation() -> None:
    picture = torch.rand(3, 20, 20, generator=random_source("picture"))
    made = DISTORTIONS["gaussian_white_noise"](picture, 0.5, random_source("0"))
    assert torch.equal(made, Noise(0.1)(picture, random_source("0")))


@pytest.mark.parametrize("name", ["pink_noise", "blue_noise", "checkerboard"])
def test_grey_noise_is_grey(name: str) -> None:
    assert (noise(name) - noise(name)[:1]).abs().max() == 0


@pytest.mark.parametrize("name", ["uniform_white_noise", "gaussian_white_noise", "gaussian_coloured_noise"])
def test_colour_noise_is_coloured(name: str) -> None:
    planes = noise(name, seed=3).flatten(1)
    correlation = torch.corrcoef(planes)
    assert (correlation - torch.eye(3)).abs().max() < 0.5


def test_checkerboards() -> None:
    sides = set()
    for seed in range(30):
        board = noise("checkerboard", 0.5, seed)[0] / 0.1
        assert torch.allclose(board.abs(), torch.ones(()), atol=1e-5)
        turns = (board[0].diff().abs() > 1).nonzero()[:, 0].diff().unique()
        assert len(turns) == 1
        side = int(turns.item())
        assert torch.allclose(board[side:], -board[:-side], atol=1e-5)
        sides.add(side)
    assert sides == {1, 2, 4}
