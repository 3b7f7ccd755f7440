"""UQI against its definition, window by window."""

import numpy as np
import pytest
import torch
from torch import Tensor

from beholder.catalog import create_metric
from beholder.metrics.uqi import uqi, uqi_map
from beholder.spec import UsageError


def by_definition(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The index of every 8x8 window, with the exact test for flat windows that integers allow."""
    index = np.ones((x.shape[0] - 7, x.shape[1] - 7))
    for row, column in np.ndindex(index.shape):
        a, b = (image[row : row + 8, column : column + 8].astype(np.float64) for image in (x, y))
        means, variances = a.mean() ** 2 + b.mean() ** 2, a.var() + b.var()
        covariance = ((a - a.mean()) * (b - b.mean())).mean()
        if means:
            index[row, column] *= 2 * a.mean() * b.mean() / means
        if variances:
            index[row, column] *= 2 * covariance / variances
    return index


def test_map_by_the_definition() -> None:
    generator = np.random.default_rng(0)
    y = generator.integers(0, 256, (20, 24))
    y[:10, :10] = 250  # flat in both, but of another level
    x = np.clip(y + generator.integers(-30, 31, y.shape), 0, 255)
    x[:10, :10] = 200
    x[10:, 12:] = y[10:, 12:] = 0  # black in both
    pictures = (torch.from_numpy(image / 255)[None, None] for image in (x, y))
    found = uqi_map(*pictures)[0, 0].numpy()
    assert np.allclose(found, by_definition(x, y), atol=1e-12)
    assert found[0, 0] == pytest.approx(2 * 250 * 200 / (250**2 + 200**2))
    assert found[-1, -1] == 1


def test_channels(photos: Tensor) -> None:
    x, y = photos.flip(3), photos
    rgb = torch.stack([uqi(x[:, c : c + 1], y[:, c : c + 1]) for c in range(3)]).mean(0)
    # The image's mean, which digits are kept around, is that of all channels there.
    assert torch.allclose(create_metric("uqi:channel=rgb")(x, y), rgb, atol=1e-6)
    with pytest.raises(UsageError, match="expected one of"):
        create_metric("uqi:channel=lab")


def test_gradient_at_flat_windows_is_finite() -> None:
    y = torch.zeros(1, 1, 12, 12)
    y[..., 6:] = 0.5
    x = y.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(uqi(x, y).sum(), x)
    assert gradient.isfinite().all()
