"""Pooling that blurs, against its definition in NumPy and SciPy."""

import numpy as np
import pytest
import torch
from scipy import signal

from beholder.backbones import Backbone
from beholder.backbones.pooling import BlurPool, L2Pool

KERNEL = np.outer([1, 2, 1], [1, 2, 1]) / 16


@pytest.mark.parametrize("size", [(3, 4), (8, 8), (9, 12)])
def test_blur_pool_sees_two_mirrored_pixels(size: tuple[int, int]) -> None:
    x = torch.rand(2, 3, *size, dtype=torch.float64)
    padded = np.pad(x[1, 2].numpy(), 2, mode="reflect")
    expected = signal.correlate2d(padded, KERNEL, "valid")[::2, ::2]
    assert np.allclose(BlurPool()(x)[1, 2].numpy(), expected, atol=1e-12)
    assert expected.shape == tuple(-(-side // 2) + 1 for side in size)


@pytest.mark.parametrize("size", [(1, 1), (1, 6), (8, 8), (9, 12)])
def test_l2_pool_is_the_root_of_blurred_squares(size: tuple[int, int]) -> None:
    x = torch.randn(2, 3, *size, dtype=torch.float64)
    expected = np.sqrt(signal.correlate2d(x[1, 2].numpy() ** 2, KERNEL, "same")[::2, ::2] + 1e-12)
    assert np.allclose(L2Pool()(x)[1, 2].numpy(), expected, atol=1e-12)


def test_l2_pool_has_a_finite_gradient_at_zero() -> None:
    x = torch.zeros(1, 1, 4, 4, requires_grad=True)
    L2Pool()(x).sum().backward()
    assert x.grad is not None
    assert x.grad.abs().max() == 0


def test_networks_with_other_pooling_share_names_with_their_kin() -> None:
    x = torch.rand(1, 3, 64, 80)
    kin = Backbone("vgg16", ["relu2_2"])
    other = Backbone("vgg16_l2", ["relu2_2"])
    assert other.weights == kin.weights
    assert other.trunk.state_dict().keys() == kin.trunk.state_dict().keys()
    assert other(x)["relu2_2"].shape == kin(x)["relu2_2"].shape
    assert Backbone("stlpips_alex", ["relu5"])(x)["relu5"].shape == (1, 256, 8, 10)
    assert Backbone("stlpips_vgg", ["relu3_3"])(x)["relu3_3"].shape == (1, 256, 17, 21)
