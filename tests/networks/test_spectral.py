"""Discriminators with spectral normalisation."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, interpolate, leaky_relu

from beholder.networks import Discriminator
from beholder.networks.unet_discriminator import UNetDiscriminator
from beholder.networks.vgg_discriminator import VGGDiscriminator


def settled(network: Discriminator) -> Discriminator:
    """With largest singular values found: each pass in training comes nearer."""
    with torch.no_grad():
        for _ in range(150):
            network(torch.rand(1, 3, 8, 8))
    return network.eval()


@pytest.mark.parametrize("network_class", [VGGDiscriminator, UNetDiscriminator])
def test_weights_are_divided_by_their_largest_singular_value(network_class: type[Discriminator]) -> None:
    torch.manual_seed(0)
    network = settled(network_class(width=4))  # type: ignore[call-arg]
    plain = []
    for name, layer in network.named_modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            if not hasattr(layer, "parametrizations"):
                plain.append(name)
                continue
            largest = torch.linalg.svdvals(layer.weight.detach().flatten(1))[0].item()
            assert largest == pytest.approx(1, abs=0.02), name
    # The paper leaves the first and the last of the U-Net as they are.
    assert plain == ([] if network_class is VGGDiscriminator else ["head", "last.4"])


def test_vgg_by_hand(photos: Tensor) -> None:
    torch.manual_seed(0)
    network = settled(VGGDiscriminator(width=4))
    layers = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    x = photos[..., :40, :52]
    for number, layer in enumerate(layers[:8]):
        stride = 2 if number % 2 else 1
        x = leaky_relu(conv2d(x, layer.weight, layer.bias, stride=stride, padding=1), 0.2)
    assert x.shape == (3, 32, 3, 4)
    x = leaky_relu(x.flatten(2).mean(2) @ layers[8].weight.T + layers[8].bias, 0.2)
    x = x @ layers[9].weight.T + layers[9].bias
    found = network(photos[..., :40, :52])
    assert found.shape == (3, 1)
    assert torch.allclose(found, x, atol=1e-6)


def test_unet_by_hand(photos: Tensor) -> None:
    torch.manual_seed(0)
    network = settled(UNetDiscriminator(width=4))
    layers = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d)]

    def step(x: Tensor, stride: int = 1) -> Tensor:
        layer = layers.pop(0)
        return leaky_relu(conv2d(x, layer.weight, layer.bias, stride=stride, padding=1), 0.2)

    def doubled(x: Tensor) -> Tensor:
        return interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)

    x = photos[..., :40, :56]
    full = step(x)
    half = step(full, 2)
    quarter = step(half, 2)
    eighth = step(quarter, 2)
    back = step(doubled(eighth)) + quarter
    back = step(doubled(back)) + half
    back = step(doubled(back)) + full
    back = step(step(back))
    (last,) = layers
    expected = conv2d(back, last.weight, last.bias, padding=1)
    assert torch.allclose(network(x), expected, atol=1e-6)
    assert network(x[..., :37, :53]).shape == (3, 1, 37, 53)
