"""Networks of residual blocks against their layers, written one by one."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn.functional import conv2d, interpolate, leaky_relu, pixel_shuffle, pixel_unshuffle, relu

from beholder.networks import RestorationNetwork
from beholder.networks.autoencoder import Autoencoder
from beholder.networks.compact import Compact
from beholder.networks.edsr import EDSR
from beholder.networks.rrdb import RRDBNet
from beholder.ops.resize import resize


@pytest.fixture
def x(photos: Tensor) -> Tensor:
    return photos[..., :20, :32].clone()


class Layers:
    """A network's convolutions, in the order in which they are handed out."""

    def __init__(self, network: RestorationNetwork) -> None:
        torch.manual_seed(0)
        with torch.no_grad():
            for parameter in network.parameters():  # far from how they start, so that each of them shows
                parameter.add_(torch.randn_like(parameter) * 0.05)
        self.values = list(network.state_dict().values())

    def next(self, x: Tensor) -> Tensor:
        weight, bias, *self.values = self.values
        return conv2d(x, weight, bias, padding=weight.shape[-1] // 2)


def test_edsr(x: Tensor) -> None:
    network = EDSR(scale=4, width=6, blocks=2, residual_scale=0.3)
    layers = Layers(network)
    head = body = layers.next(x)
    for _ in range(2):
        body = body + 0.3 * layers.next(relu(layers.next(body)))
    features = head + layers.next(body)
    for _ in range(2):
        features = pixel_shuffle(layers.next(features), 2)
    expected = resize(x, 80, 128) + layers.next(features)
    assert not layers.values
    assert torch.allclose(network(x), expected, atol=1e-4)


@pytest.mark.parametrize(("scale", "unshuffle"), [(1, 2), (1, 4), (2, 1), (4, 2)])
def test_compact(x: Tensor, scale: int, unshuffle: int) -> None:
    network = Compact(scale=scale, width=6, blocks=2, unshuffle=unshuffle)
    layers = Layers(network)
    head = body = layers.next(pixel_unshuffle(x, unshuffle))
    for _ in range(2):
        body = body + layers.next(relu(layers.next(body)))
    features = head + layers.next(body)
    expected = resize(x, 20 * scale, 32 * scale) + pixel_shuffle(layers.next(features), unshuffle * scale)
    assert not layers.values
    assert torch.allclose(network(x), expected, atol=1e-4)


def test_compact_folds_only_where_it_does_not_enlarge() -> None:
    assert Compact().unshuffle == 2
    assert Compact(scale=4).unshuffle == 1


@pytest.mark.parametrize("upsampling", ["nearest", "shuffle"])
def test_rrdb(x: Tensor, upsampling: str) -> None:
    network = RRDBNet(scale=2, width=6, blocks=2, growth=3, upsampling=upsampling)  # type: ignore[arg-type]
    layers = Layers(network)
    head = body = layers.next(x)
    for _ in range(2):
        block = body
        for _ in range(3):
            seen = [block]
            for _ in range(4):
                seen.append(leaky_relu(layers.next(torch.cat(seen, 1)), 0.2))
            block = block + 0.2 * layers.next(torch.cat(seen, 1))
        body = body + 0.2 * block
    features = head + layers.next(body)
    if upsampling == "nearest":
        features = layers.next(interpolate(features, scale_factor=2, mode="nearest"))
    else:
        features = pixel_shuffle(layers.next(features), 2)
    features = leaky_relu(layers.next(leaky_relu(features, 0.2)), 0.2)
    expected = layers.next(features)
    assert not layers.values
    assert torch.allclose(network(x), expected, atol=1e-4)


def test_autoencoder(x: Tensor) -> None:
    network = Autoencoder(width=4, depth=2)
    layers = Layers(network)

    def twice(features: Tensor) -> Tensor:
        return relu(layers.next(relu(layers.next(features))))

    def doubled(features: Tensor) -> Tensor:
        return interpolate(features, scale_factor=2, mode="bilinear", align_corners=False)

    full = twice(x)
    half = twice(full.unfold(2, 2, 2).unfold(3, 2, 2).amax((-1, -2)))
    quarter = twice(half.unfold(2, 2, 2).unfold(3, 2, 2).amax((-1, -2)))
    assert quarter.shape[1] == 16
    half = twice(torch.cat([half, doubled(quarter)], 1))
    expected = x + layers.next(twice(torch.cat([full, doubled(half)], 1)))
    assert not layers.values
    assert torch.allclose(network(x), expected, atol=1e-4)


@pytest.mark.parametrize(
    "network_class", [Compact, Autoencoder, EDSR], ids=lambda network_class: network_class.__name__
)
def test_training_starts_from_the_enlarged_input(
    photos: Tensor, network_class: type[RestorationNetwork]
) -> None:
    torch.manual_seed(0)
    network = network_class()
    x = photos[:1, :, :64, :64]
    with torch.no_grad():
        change = network(x) - resize(x, 64 * network.scale, 64 * network.scale)
    assert change.any()
    assert change.square().mean().sqrt() < 0.03
