import numpy as np
import pytest
import torch
from skimage import color

from beholder.ops import lab
from beholder.ops.lab import lab_to_rgb, linear_to_rgb, rgb_to_lab, rgb_to_linear


def test_matrix_follows_from_primaries_and_white() -> None:
    primaries = np.array([[0.64, 0.33], [0.30, 0.60], [0.15, 0.06]])
    white = np.array([0.3127, 0.3290, 1 - 0.3127 - 0.3290]) / 0.3290
    columns = np.array([[x / y, 1, (1 - x - y) / y] for x, y in primaries]).T
    matrix = columns * np.linalg.solve(columns, white) / white[:, None]
    assert matrix[:, 0].tolist() == pytest.approx(lab._RED, abs=5e-11)
    assert matrix[:, 2].tolist() == pytest.approx(lab._BLUE, abs=5e-11)


def test_curve_is_srgbs() -> None:
    x = torch.linspace(-0.1, 1, 500, dtype=torch.float64)
    found = rgb_to_linear(x)
    assert found[-1] == 1
    assert found[x.argmin()].item() == pytest.approx(-0.1 / 12.92)
    assert (found.diff() > 0).all()
    assert rgb_to_linear(torch.tensor(0.5, dtype=torch.float64)).item() == pytest.approx(0.21404114, abs=1e-8)


def test_greys_have_no_colour() -> None:
    greys = torch.linspace(0, 1, 256).view(1, 1, 16, 16).expand(1, 3, 16, 16)
    found = rgb_to_lab(greys)
    assert found[:, 1:].abs().max() == 0
    assert found[0, 0, 0, 0].item() == pytest.approx(0, abs=1e-5)
    assert found[0, 0, -1, -1].item() == pytest.approx(100, abs=1e-5)


def test_colours_are_near_those_of_scikit_image() -> None:
    # Its matrix has six digits, and its white is another rounding of D65.
    x = torch.rand(1, 3, 40, 40, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    expected = color.rgb2lab(x[0].permute(1, 2, 0).numpy())
    assert np.allclose(rgb_to_lab(x)[0].permute(1, 2, 0).numpy(), expected, atol=0.03)


def test_there_and_back() -> None:
    x = torch.rand(2, 3, 40, 40, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    x[0, :, :2, :2] = torch.tensor([[0.0, 0.001], [0.03, 1.0]])
    assert (lab_to_rgb(rgb_to_lab(x)) - x).abs().max() < 1e-6  # the standard rounds where its curves bend
    assert (lab_to_rgb(rgb_to_lab(x.float())) - x).abs().max() < 1e-5
    light = torch.linspace(-0.1, 1, 1000, dtype=torch.float64)
    assert (rgb_to_linear(linear_to_rgb(light)) - light).abs().max() < 1e-6


def test_colours_that_srgb_does_not_have_leave_its_range() -> None:
    found = lab_to_rgb(torch.tensor([120.0, -80.0, 60.0]).view(1, 3, 1, 1))
    assert found.isfinite().all()
    assert found.max() > 1
    assert lab_to_rgb(torch.tensor([5.0, 90.0, 90.0]).view(1, 3, 1, 1)).min() < 0
