"""How weights start."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from beholder.networks.initialise import start_for_relu, start_without_relu
from beholder.networks.padding import pad_to_multiple


@pytest.mark.parametrize("slope", [0.0, 0.2])
def test_the_signal_keeps_its_size(slope: float) -> None:
    torch.manual_seed(0)
    layers = nn.Sequential(
        *(
            layer
            for _ in range(12)
            for layer in (nn.Conv2d(64, 64, 3, padding=1, padding_mode="circular"), nn.LeakyReLU(slope))
        )
    )
    start_for_relu(layers, slope)
    x = torch.randn(1, 64, 24, 24)
    with torch.no_grad():
        ratio = (layers(x).square().mean() / layers[1](x).square().mean()).item()
    assert 0.4 < ratio < 2.5  # 12 layers off by a factor 2 would give 4096
    assert not layers[0].bias.any()  # type: ignore[union-attr]


def test_without_relu_the_signal_keeps_its_size() -> None:
    torch.manual_seed(0)
    layers = nn.Sequential(*(nn.Conv2d(64, 64, 3, padding=1, padding_mode="circular") for _ in range(12)))
    start_for_relu(layers)
    start_without_relu(*layers)
    x = torch.randn(1, 64, 24, 24)
    with torch.no_grad():
        assert 0.4 < (layers(x).square().mean() / x.square().mean()).item() < 2.5


@pytest.mark.parametrize(("size", "padded"), [((1, 1), (4, 4)), ((4, 8), (4, 8)), ((5, 3), (8, 4))])
def test_padding(size: tuple[int, int], padded: tuple[int, int]) -> None:
    x = torch.rand(2, 3, *size)
    found = pad_to_multiple(x, 4)
    assert found.shape[-2:] == padded
    assert torch.equal(found[..., : size[0], : size[1]], x)
    assert torch.equal(found[..., -1, -1], x[..., -1, -1])
    assert (found is x) == (size == padded)
    assert pad_to_multiple(x, 4, 9).shape[-2:] == (12, 12)
