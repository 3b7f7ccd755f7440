"""MDSI against its definition, with complex roots."""

import numpy as np
import pytest
import torch
from scipy import signal
from torch import Tensor

from beholder.catalog import create_metric
from beholder.metrics.mdsi import mdsi


def by_definition(x: np.ndarray, y: np.ndarray) -> float:
    """MDSI of RGB pictures of shape (3, H, W) in 0 to 255, too small to be shrunk."""
    weights = np.array([[0.2989, 0.587, 0.114], [0.3, 0.04, -0.35], [0.34, -0.6, 0.17]])
    (l_x, h_x, m_x), (l_y, h_y, m_y) = (np.einsum("kc,chw->khw", weights, image) for image in (x, y))
    kernel = np.array([[1, 0, -1]] * 3) / 3
    g_x, g_y, g_f = (
        np.hypot(signal.convolve2d(image, kernel, "same"), signal.convolve2d(image, kernel.T, "same"))
        for image in (l_x, l_y, (l_x + l_y) / 2)
    )

    def likeness(a: np.ndarray, b: np.ndarray, c: float) -> np.ndarray:
        return (2 * a * b + c) / (a**2 + b**2 + c)

    gradients = likeness(g_x, g_y, 140) + likeness(g_x, g_f, 55) - likeness(g_y, g_f, 55)
    colours = (2 * (h_x * h_y + m_x * m_y) + 550) / (h_x**2 + h_y**2 + m_x**2 + m_y**2 + 550)
    roots = (0.6 * gradients + 0.4 * colours).astype(complex) ** 0.25
    return float(np.abs(roots - roots.mean()).mean() ** 0.25)


def test_score_by_the_definition() -> None:
    x, y = torch.rand(2, 1, 3, 21, 16, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    expected = by_definition(255 * x[0].numpy(), 255 * y[0].numpy())
    assert mdsi(x, y).item() == pytest.approx(expected, abs=1e-10)


def test_roots_of_negative_similarity_are_complex() -> None:
    generator = torch.Generator().manual_seed(1)
    y = (torch.rand(1, 3, 16, 16, dtype=torch.float64, generator=generator) > 0.5).double()
    x = 1 - y
    assert create_metric("mdsi").score_and_map(x, y)[1].min() < 0  # type: ignore[attr-defined]
    assert mdsi(x, y).item() == pytest.approx(
        by_definition(255 * x[0].numpy(), 255 * y[0].numpy()), abs=1e-10
    )
    (gradient,) = torch.autograd.grad(mdsi(x.requires_grad_(), y).sum(), x)
    assert gradient.isfinite().all()


def test_faint_differences_keep_their_digits(photos: Tensor) -> None:
    x = (photos * 255).round() / 255
    x[..., ::16, ::16] += 1 / 255
    y = (photos * 255).round() / 255
    assert torch.allclose(mdsi(x, y).double(), mdsi(x.double(), y.double()), rtol=0, atol=2e-6)


def test_large_pictures_are_averaged_first() -> None:
    y = torch.rand(1, 3, 384, 400, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    x = y.flip(3)
    # round(384 / 256) is 2 in MATLAB.
    small = (sum(image[..., a::2, b::2] for a in (0, 1) for b in (0, 1)) / 4 for image in (x, y))
    assert mdsi(x, y).item() == pytest.approx(by_definition(*(255 * image[0].numpy() for image in small)))
