"""Johnson's network against its layers, written one by one."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn.functional import conv2d, pad, relu

from beholder.networks.transform import TransformNet


def by_hand(network: TransformNet, x: Tensor, blocks: int) -> Tensor:
    values = list(network.state_dict().values())

    def convolve(x: Tensor, stride: int = 1) -> Tensor:
        weight, bias = values.pop(0), values.pop(0)
        return conv2d(pad(x, [weight.shape[-1] // 2] * 4, mode="reflect"), weight, bias, stride=stride)

    def normalise(x: Tensor) -> Tensor:
        gain, shift = values.pop(0)[:, None, None], values.pop(0)[:, None, None]
        centred = x - x.mean((2, 3), keepdim=True)
        return gain * centred / (centred.square().mean((2, 3), keepdim=True) + 1e-5).sqrt() + shift

    def double(x: Tensor) -> Tensor:
        return x.repeat_interleave(2, 2).repeat_interleave(2, 3)

    x = relu(normalise(convolve(x)))
    if network.scale == 1:
        x = relu(normalise(convolve(x, stride=2)))
        x = relu(normalise(convolve(x, stride=2)))
    for _ in range(blocks):
        x = x + normalise(convolve(relu(normalise(convolve(x)))))
    for _ in range(2):
        x = relu(normalise(convolve(double(x))))
    x = convolve(x)
    assert not values
    return x


@pytest.mark.parametrize(("scale", "blocks"), [(1, 5), (4, 4)])
def test_by_hand(photos: Tensor, scale: int, blocks: int) -> None:
    torch.manual_seed(0)
    network, x = TransformNet(scale=scale, width=6), photos[..., :20, :32]
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.05)
        assert torch.allclose(network(x), by_hand(network, x, blocks), atol=1e-4)


def test_batch_normalisation_keeps_to_its_running_means(photos: Tensor) -> None:
    network = TransformNet(width=4, blocks=1, normalisation="batch")
    names = network.state_dict()
    assert any(name.endswith("running_mean") for name in names)
    assert not any(name.endswith("running_mean") for name in TransformNet(width=4).state_dict())
    network.eval()
    x = photos[..., :64, :64]
    with torch.no_grad():  # so the middle of a picture comes out alike whatever lies far from it
        assert torch.allclose(network(x)[..., 30:34, 30:34], network(x[..., :96, :96])[..., 30:34, 30:34])
