import pytest
import torch
from scipy import signal

from beholder.metrics.vsi import vsi, vsi_maps
from beholder.ops.saliency import simple_priors


def test_one_place_by_hand() -> None:
    x, y = torch.rand(2, 1, 3, 32, 40, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    alike, weight = vsi_maps(x, y)
    red, green, blue = (255 * torch.cat([x, y])).unbind(1)
    lightness = 0.06 * red + 0.63 * green + 0.27 * blue
    p, q = (simple_priors(image)[0, 0, 12, 9].item() for image in (x, y))
    kernel = [[3, 0, -3], [10, 0, -10], [3, 0, -3]]
    across = [signal.convolve2d(each.numpy(), kernel, "same")[12, 9] / 16 for each in lightness]
    down = [signal.convolve2d(each.numpy().T, kernel, "same")[9, 12] / 16 for each in lightness]
    a, b = ((h * h + v * v) ** 0.5 for h, v in zip(across, down, strict=True))
    gradients = ((2 * a * b + 386) / (a * a + b * b + 386)) ** 0.4
    colours = 1.0
    for plane in (0.30 * red + 0.04 * green - 0.35 * blue, 0.34 * red - 0.60 * green + 0.17 * blue):
        a, b = plane[:, 12, 9].tolist()
        colours *= (2 * a * b + 130) / (a * a + b * b + 130)
    expected = (2 * p * q + 1.27) / (p * p + q * q + 1.27) * gradients * complex(colours**0.02).real
    assert alike[0, 0, 12, 9].item() == pytest.approx(expected, abs=1e-9)
    assert weight[0, 0, 12, 9].item() == pytest.approx(max(p, q), abs=1e-12)


def test_a_distortion_in_the_centre_counts_more_than_in_a_corner() -> None:
    y = torch.rand(1, 3, 128, 128, generator=torch.Generator().manual_seed(1)) * 0.5 + 0.25
    noise = 0.2 * torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(2))
    corner, centre = y.clone(), y.clone()
    corner[..., :32, :32] += noise
    centre[..., 48:80, 48:80] += noise
    assert vsi(centre, y).item() < vsi(corner, y).item() < 1
