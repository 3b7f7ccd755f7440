"""Enlarging."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from beholder.networks.edsr import EDSR
from beholder.networks.enlarging import enlarge, start_shuffles, upsampler
from beholder.networks.rrdb import RRDBNet
from beholder.ops.resize import resize


def test_pictures_keep_their_digits_under_autocast(photos: Tensor) -> None:
    x = photos[..., :16, :24]
    expected = resize(x, 48, 72)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(enlarge(x, 3), expected)
        network = EDSR(scale=3, width=4, blocks=1)
        nn.init.zeros_(network.tail.weight)
        assert torch.equal(network(x), expected)
    assert enlarge(x.bfloat16(), 3).dtype == torch.bfloat16
    assert enlarge(x, 1) is x


@pytest.mark.parametrize("scale", [2, 3, 4, 8])
def test_shuffles_start_as_nearest_neighbour_enlarging(scale: int) -> None:
    torch.manual_seed(0)
    layers = upsampler(4, scale, "shuffle")
    x = torch.rand(1, 4, 5, 6)
    factor = 3 if scale == 3 else 2
    with torch.no_grad():
        assert not squares_are_even(layers(x), factor)
        start_shuffles(layers)
        assert squares_are_even(layers(x), factor)


def squares_are_even(x: Tensor, side: int) -> bool:
    squares = x.unfold(2, side, side).unfold(3, side, side).flatten(4)
    return torch.allclose(squares, squares[..., :1].expand_as(squares), atol=1e-6)


@pytest.mark.parametrize(
    "network", [EDSR(width=4, blocks=1), RRDBNet(width=4, blocks=1, growth=2, upsampling="shuffle")]
)
def test_networks_start_so(network: EDSR | RRDBNet) -> None:
    shuffled = [
        layer
        for layer, following in zip(network.enlarging, list(network.enlarging)[1:], strict=False)
        if isinstance(following, nn.PixelShuffle)
    ]
    assert len(shuffled) == 2
    for layer in shuffled:
        weights = layer.weight.view(4, 4, 4, 3, 3)
        assert torch.equal(weights, weights[:, :1].expand_as(weights))
        assert weights[0, 0].ne(weights[1, 0]).any()
