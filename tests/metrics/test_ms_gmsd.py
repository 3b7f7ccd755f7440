"""MS-GMSD and MS-GMSDc against their definitions."""

import math

import numpy as np
import pytest
import torch
from scipy import signal
from torch import Tensor

from beholder.catalog import create_metric
from beholder.metrics.gmsd import gradient_similarity
from beholder.metrics.ms_gmsd import MS_GMSD, ms_gmsd, ms_gmsdc
from beholder.ops.color import rgb_to_grey
from beholder.spec import UsageError


def halve(picture: np.ndarray) -> np.ndarray:
    return sum(picture[a::2, b::2] for a in (0, 1) for b in (0, 1)) / 4


def by_definition(x: np.ndarray, y: np.ndarray) -> float:
    """MS-GMSD of grey pictures in 0 to 255, sides multiples of 8."""
    total = 0.0
    for scale, weight in enumerate((0.096, 0.596, 0.289, 0.019)):
        if scale:
            x, y = halve(x), halve(y)
        kernel = np.array([[1, 0, -1]] * 3) / 3
        a, b = (
            np.hypot(signal.convolve2d(image, kernel, "same"), signal.convolve2d(image, kernel.T, "same"))
            for image in (x, y)
        )
        similarity = (2 * a * b - 0.5 * a * b + 170) / (a**2 + b**2 - 0.5 * a * b + 170)
        total += weight * similarity.var()
    return math.sqrt(total)


def test_deviation_by_the_definition() -> None:
    x, y = torch.rand(2, 1, 1, 32, 48, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    expected = by_definition(255 * x[0, 0].numpy(), 255 * y[0, 0].numpy())
    assert ms_gmsd(x, y).item() == pytest.approx(expected, abs=1e-12)


def test_colour_by_the_definition() -> None:
    x, y = torch.rand(2, 1, 3, 32, 48, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    deviation = by_definition(*(255 * rgb_to_grey(image)[0, 0].numpy() for image in (x, y)))
    matrix = np.array([[0.596, -0.274, -0.322], [0.211, -0.523, 0.312]])
    colours = np.einsum("kc,chw->khw", matrix, 255 * (x - y)[0].numpy())
    error = math.sqrt(sum((halve(halve(halve(plane))) ** 2).mean() for plane in colours))
    gamma = 2 / (1 + 0.32 * math.exp(-15 * deviation)) - 1
    expected = gamma * deviation + (1 - gamma) * 0.01 * error
    assert ms_gmsdc(x, y).item() == pytest.approx(expected, abs=1e-12)


def test_colour_alone_is_seen_by_the_chromatic_one_only() -> None:
    y = torch.full((1, 3, 32, 32), 0.5, dtype=torch.float64)
    # A change of colour that leaves the grey level as it is.
    x = y + torch.tensor([0.1, 0.0, -0.1 * 0.298936021293775 / 0.114020904255103]).view(1, 3, 1, 1)
    assert create_metric("ms_gmsd")(x, y).item() < 1e-6
    assert create_metric("ms_gmsdc")(x, y).item() > 0.1


def test_modules_compute_what_the_functions_do(photos: Tensor) -> None:
    x, y = photos.flip(3), photos
    assert torch.equal(create_metric("ms_gmsd")(x, y), ms_gmsd(rgb_to_grey(x), rgb_to_grey(y)))
    assert torch.equal(create_metric("ms_gmsdc")(x, y), ms_gmsdc(x, y))


def test_masking_raises_likeness_less_than_none() -> None:
    x, y = torch.rand(2, 1, 1, 16, 16)
    assert (gradient_similarity(x, y, masking=0.5) <= gradient_similarity(x, y)).all()


def test_impossible_options_are_refused() -> None:
    with pytest.raises(UsageError, match="expected one of grey, grey8, y"):
        create_metric("ms_gmsd:channel=rgb")
    with pytest.raises(UsageError, match="no option 'chromatic'"):
        create_metric("ms_gmsdc:chromatic=false")
    with pytest.raises(UsageError, match="true or false"):
        MS_GMSD(chromatic=2)  # type: ignore[arg-type]
