"""Winograd's convolutions give what direct ones give."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from beholder.ops.lending import Lender
from beholder.ops.winograd import WinogradConvolution, transforms


@pytest.mark.parametrize("size", [3, 5])
def test_transforms_filter_a_signal_exactly(size: int) -> None:
    generator = torch.Generator().manual_seed(0)
    taps = torch.rand(size, generator=generator, dtype=torch.float64)
    signal = torch.rand(size + 3, generator=generator, dtype=torch.float64)
    output, filters, given = transforms(size)
    found = output @ ((filters @ taps) * (given @ signal))
    assert torch.allclose(found, signal.unfold(0, size, 1) @ taps, rtol=0, atol=1e-14)


@pytest.mark.parametrize(("size", "error"), [(3, 1.5e-5), (5, 4e-5)])
@pytest.mark.parametrize(("height", "width"), [(16, 16), (15, 31), (1, 2), (70, 301)])
@pytest.mark.parametrize("relu", [False, True])
def test_a_convolution_gives_what_the_direct_one_gives(
    *, size: int, error: float, height: int, width: int, relu: bool
) -> None:
    torch.manual_seed(0)
    direct = nn.Conv2d(64, 96, size, padding=size // 2).requires_grad_(requires_grad=False)
    x = torch.randn(2, 64, height, width)
    expected = direct.double()(x.double())
    direct.float()
    found = WinogradConvolution(direct, Lender(), relu=relu)(x)
    assert found.shape == expected.shape
    difference = found - (expected.relu() if relu else expected)
    assert difference.abs().max() < error
    assert difference.std() < error / 15
    assert not relu or found.min() >= 0


def test_without_a_bias_none_is_added() -> None:
    direct = nn.Conv2d(64, 64, 3, padding=1, bias=False).requires_grad_(requires_grad=False)
    assert torch.equal(
        WinogradConvolution(direct, Lender(), relu=False)(torch.zeros(1, 64, 8, 8)), torch.zeros(1, 64, 8, 8)
    )


def test_equal_pictures_of_a_batch_come_out_equal() -> None:
    torch.manual_seed(0)
    for size, width in ((3, 37), (5, 64)):
        direct = nn.Conv2d(64, 80, size, padding=size // 2).requires_grad_(requires_grad=False)
        x = torch.randn(1, 64, 29, width).expand(7, -1, -1, -1)
        found = WinogradConvolution(direct, Lender(), relu=True)(x)
        assert torch.equal(found, found[:1].expand_as(found))


def test_neither_threads_nor_neighbours_move_a_result() -> None:
    torch.manual_seed(0)
    threads = torch.get_num_threads()
    for size, side in ((3, 3), (3, 37), (5, 4), (5, 64)):
        direct = nn.Conv2d(64, 80, size, padding=size // 2).requires_grad_(requires_grad=False)
        quick = WinogradConvolution(direct, Lender(), relu=False)
        x = torch.randn(8, 64, side, side)
        found = quick(x)
        try:
            torch.set_num_threads(1)
            assert torch.equal(quick(x), found)
        finally:
            torch.set_num_threads(threads)
        assert torch.equal(torch.cat([quick(each[None]) for each in x]), found)


def test_the_default_type_does_not_matter() -> None:
    direct = nn.Conv2d(64, 64, 3, padding=1).requires_grad_(requires_grad=False)
    x = torch.randn(1, 64, 200, 200)
    torch.set_default_dtype(torch.float64)
    try:
        found = WinogradConvolution(direct, Lender(), relu=False)(x)
    finally:
        torch.set_default_dtype(torch.float32)
    assert (found - direct(x)).abs().max() < 1e-4


@pytest.mark.parametrize(
    "module",
    [
        nn.Conv2d(64, 64, 3),
        nn.Conv2d(64, 64, 3, padding=1, stride=2),
        nn.Conv2d(64, 64, 3, padding=2, dilation=2),
        nn.Conv2d(64, 64, 3, padding=1, groups=2),
        nn.Conv2d(64, 64, 3, padding=1, padding_mode="reflect"),
        nn.Conv2d(64, 64, 3, padding=1, dtype=torch.float64),
        nn.Conv2d(64, 64, 3, padding="same"),
        nn.Conv2d(64, 64, 1),
        nn.Conv2d(3, 64, 3, padding=1),
        nn.ReLU(),
    ],
    ids=repr,
)
def test_what_it_cannot_compute_or_not_faster_does_not_fit(module: nn.Module) -> None:
    assert not WinogradConvolution.fits(module)
    assert WinogradConvolution.fits(nn.Conv2d(64, 64, 3, padding=1))
