"""L8 against its layers, written one by one."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn.functional import conv2d

from beholder.networks.l8 import L8


def by_hand(network: L8, x: Tensor) -> Tensor:
    w, b = {}, {}
    for number in range(1, 9):
        w[number] = network.state_dict()[f"convolutions.{number - 1}.weight"]
        b[number] = network.state_dict()[f"convolutions.{number - 1}.bias"]
    one = conv2d(x, w[1], b[1], padding=5).clamp_min(0)
    two = conv2d(one, w[2], b[2], padding=1).clamp_min(0)
    three = conv2d(two, w[3], b[3], padding=1).clamp_min(0)
    four = conv2d(three, w[4], b[4], padding=1).clamp_min(0)
    five = conv2d(torch.cat((four, one), dim=1), w[5], b[5]).clamp_min(0)
    six = conv2d(five, w[6], b[6], padding=2).clamp_min(0)
    seven = conv2d(torch.cat((six, one), dim=1), w[7], b[7]).clamp_min(0)
    return conv2d(seven, w[8], b[8], padding=2)


def test_by_hand(photos: Tensor) -> None:
    torch.manual_seed(0)
    x = photos[..., :50, :70]
    network, cut = L8(), L8(final_relu=True)
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim == 1:
                parameter.uniform_(-0.1, 0.1)
        network.convolutions[-1].get_parameter("bias").sub_(0.3)  # so that the last ReLU cuts
    cut.load_state_dict(network.state_dict())
    with torch.no_grad():
        expected = by_hand(network, x)
        assert expected.min() < 0 < expected.max()
        assert torch.allclose(network(x), expected, atol=1e-5)
        assert torch.allclose(cut(x), expected.clamp_min(0), atol=1e-5)


@pytest.mark.parametrize("channels", [3, 1])
def test_training_starts_near_the_picture_itself(photos: Tensor, channels: int) -> None:
    torch.manual_seed(0)
    x = photos[:, :channels, :50, :70]
    with torch.no_grad():
        off = (L8(channels=channels)(x) - x).square().mean().sqrt().item()
    assert 1e-4 < off < 0.1  # near, and with something to learn from
