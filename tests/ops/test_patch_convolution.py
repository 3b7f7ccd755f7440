"""Convolutions of few channels by their patches give what direct ones give."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from beholder.ops.lending import Lender
from beholder.ops.patch_convolution import PatchConvolution


@pytest.mark.parametrize(("height", "width"), [(16, 16), (1, 1), (2, 1), (1, 5), (70, 301), (3, 5000)])
@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("bias", [False, True])
def test_a_convolution_gives_what_the_direct_one_gives(
    *, height: int, width: int, relu: bool, bias: bool
) -> None:
    torch.manual_seed(0)
    direct = nn.Conv2d(3, 64, 3, padding=1, bias=bias).requires_grad_(requires_grad=False)
    x = torch.randn(2, 3, height, width)
    found = PatchConvolution(direct, Lender(), relu=relu)(x)
    expected = direct.double()(x.double())
    assert found.shape == expected.shape
    assert (found - (expected.relu() if relu else expected)).abs().max() < 2e-6


def test_neither_threads_nor_neighbours_nor_layout_move_a_result() -> None:
    torch.manual_seed(0)
    direct = nn.Conv2d(3, 64, 3, padding=1).requires_grad_(requires_grad=False)
    convolution = PatchConvolution(direct, Lender(), relu=True)
    x = torch.randn(4, 3, 130, 97)
    found = convolution(x)
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        assert torch.equal(convolution(x), found)
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(convolution(x.contiguous(memory_format=torch.channels_last)), found)
    assert torch.equal(torch.cat([convolution(each[None]) for each in x]), found)


@pytest.mark.parametrize(
    "module",
    [
        nn.Conv2d(3, 64, 3),
        nn.Conv2d(3, 64, 3, padding=1, stride=2),
        nn.Conv2d(3, 64, 3, padding=1, dilation=2),
        nn.Conv2d(3, 3, 3, padding=1, groups=3),
        nn.Conv2d(3, 64, 3, padding=1, padding_mode="reflect"),
        nn.Conv2d(3, 64, 3, padding=1, dtype=torch.float64),
        nn.Conv2d(3, 64, 3, padding="same"),
        nn.Conv2d(3, 64, 11, padding=2, stride=4),
        nn.Conv2d(64, 64, 3, padding=1),
        nn.ReLU(),
    ],
    ids=repr,
)
def test_what_it_cannot_compute_or_not_faster_does_not_fit(module: nn.Module) -> None:
    assert not PatchConvolution.fits(module)
    assert PatchConvolution.fits(nn.Conv2d(3, 64, 3, padding=1))
