"""CIEDE2000 against the published pairs and scikit-image."""

import numpy as np
import pytest
import torch
from skimage import color
from torch import Tensor

from beholder.catalog import create_metric
from beholder.metrics.ciede2000 import ciede2000, ciede2000_map
from beholder.ops.lab import rgb_to_lab

# Sharma, Wu and Dalal 2005, table 1: two CIELAB colours and their difference.
PAIRS = [
    (50.0000, 2.6772, -79.7751, 50.0000, 0.0000, -82.7485, 2.0425),
    (50.0000, 3.1571, -77.2803, 50.0000, 0.0000, -82.7485, 2.8615),
    (50.0000, 2.8361, -74.0200, 50.0000, 0.0000, -82.7485, 3.4412),
    (50.0000, -1.3802, -84.2814, 50.0000, 0.0000, -82.7485, 1.0000),
    (50.0000, -1.1848, -84.8006, 50.0000, 0.0000, -82.7485, 1.0000),
    (50.0000, -0.9009, -85.5211, 50.0000, 0.0000, -82.7485, 1.0000),
    (50.0000, 0.0000, 0.0000, 50.0000, -1.0000, 2.0000, 2.3669),
    (50.0000, -1.0000, 2.0000, 50.0000, 0.0000, 0.0000, 2.3669),
    (50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0009, 7.1792),
    (50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0010, 7.1792),
    (50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0011, 7.2195),
    (50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0012, 7.2195),
    (50.0000, -0.0010, 2.4900, 50.0000, 0.0009, -2.4900, 4.8045),
    (50.0000, -0.0010, 2.4900, 50.0000, 0.0010, -2.4900, 4.8045),
    (50.0000, -0.0010, 2.4900, 50.0000, 0.0011, -2.4900, 4.7461),
    (50.0000, 2.5000, 0.0000, 50.0000, 0.0000, -2.5000, 4.3065),
    (50.0000, 2.5000, 0.0000, 73.0000, 25.0000, -18.0000, 27.1492),
    (50.0000, 2.5000, 0.0000, 61.0000, -5.0000, 29.0000, 22.8977),
    (50.0000, 2.5000, 0.0000, 56.0000, -27.0000, -3.0000, 31.9030),
    (50.0000, 2.5000, 0.0000, 58.0000, 24.0000, 15.0000, 19.4535),
    (50.0000, 2.5000, 0.0000, 50.0000, 3.1736, 0.5854, 1.0000),
    (50.0000, 2.5000, 0.0000, 50.0000, 3.2972, 0.0000, 1.0000),
    (50.0000, 2.5000, 0.0000, 50.0000, 1.8634, 0.5757, 1.0000),
    (50.0000, 2.5000, 0.0000, 50.0000, 3.2592, 0.3350, 1.0000),
    (60.2574, -34.0099, 36.2677, 60.4626, -34.1751, 39.4387, 1.2644),
    (63.0109, -31.0961, -5.8663, 62.8187, -29.7946, -4.0864, 1.2630),
    (61.2901, 3.7196, -5.3901, 61.4292, 2.2480, -4.9620, 1.8731),
    (35.0831, -44.1164, 3.7933, 35.0232, -40.0716, 1.5901, 1.8645),
    (22.7233, 20.0904, -46.6940, 23.0331, 14.9730, -42.5619, 2.0373),
    (36.4612, 47.8580, 18.3852, 36.2715, 50.5065, 21.2231, 1.4146),
    (90.8027, -2.0831, 1.4410, 91.1528, -1.6435, 0.0447, 1.4441),
    (90.9257, -0.5406, -0.9208, 88.6381, -0.8985, -0.7239, 1.5381),
    (6.7747, -0.2908, -2.4247, 5.8714, -0.0985, -2.2286, 0.6377),
    (2.0776, 0.0795, -1.1350, 0.9033, -0.0636, -0.5514, 0.9082),
]


def colours(values: list[tuple[float, ...]]) -> Tensor:
    return torch.tensor(values, dtype=torch.float64).T.reshape(1, 3, 1, -1)


@pytest.mark.parametrize("order", [1, -1])
def test_published_pairs(order: int) -> None:
    x, y = (colours([pair[start : start + 3] for pair in PAIRS]) for start in (0, 3)[::order])
    assert ciede2000_map(x, y).flatten().tolist() == pytest.approx([pair[6] for pair in PAIRS], abs=5e-5)


def test_difference_is_that_of_scikit_image() -> None:
    generator = np.random.default_rng(0)
    x, y = generator.uniform((0, -90, -90), (100, 90, 90), (2, 5000, 3))
    found = ciede2000_map(*(torch.from_numpy(each.T.reshape(1, 3, 1, -1)) for each in (x, y)))
    assert np.allclose(found.flatten().numpy(), color.deltaE_ciede2000(x, y), rtol=0, atol=1e-10)


def test_score_is_the_mean(photos: Tensor) -> None:
    x, y = photos.flip(3).double(), photos.double()
    scores, difference = create_metric("ciede2000").score_and_map(x, y)  # type: ignore[attr-defined]
    assert torch.equal(scores, ciede2000(x, y))
    lab = [rgb_to_lab(image)[0].permute(1, 2, 0).numpy() for image in (x, y)]
    assert np.allclose(difference[0, 0].numpy(), color.deltaE_ciede2000(*lab), atol=1e-10)


def test_gradients_at_grey_black_and_white_are_finite() -> None:
    levels = torch.tensor([0.0, 1e-6, 0.03, 0.5, 1.0]).view(1, 1, 1, 5).expand(1, 3, 1, 5)
    tinted = levels.clone()
    tinted[:, 0] = (tinted[:, 0] + 1 / 255).clamp(max=1)
    for x, y in ((levels, levels), (levels, levels.flip(3)), (tinted, levels), (tinted, tinted)):
        x, y = x.clone().requires_grad_(), y.clone().requires_grad_()
        for gradient in torch.autograd.grad(ciede2000(x, y).sum(), (x, y)):
            assert gradient.isfinite().all()
