"""SRCNN and AR-CNN against their layers, written one by one."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import conv2d, relu

from beholder.networks.ar_cnn import ARCNN
from beholder.networks.srcnn import SRCNN
from beholder.ops.resize import resize


def test_srcnn_by_hand(photos: Tensor) -> None:
    network, x = SRCNN(scale=3), photos[..., :20, :31]
    w1, b1, w2, b2, w3, b3 = network.state_dict().values()
    assert [tuple(w.shape) for w in (w1, w2, w3)] == [(64, 3, 9, 9), (32, 64, 5, 5), (3, 32, 5, 5)]
    with torch.no_grad():
        hidden = relu(conv2d(resize(x, 60, 93), w1, b1, padding=4))
        expected = conv2d(relu(conv2d(hidden, w2, b2, padding=2)), w3, b3, padding=2)
        assert torch.allclose(network(x), expected, atol=1e-5)


def test_ar_cnn_by_hand(photos: Tensor) -> None:
    network, x = ARCNN(), photos[..., :20, :31]
    w1, b1, w2, b2, w3, b3, w4, b4 = network.state_dict().values()
    assert [tuple(w.shape) for w in (w1, w2)] == [(64, 3, 9, 9), (32, 64, 7, 7)]
    assert [tuple(w.shape) for w in (w3, w4)] == [(16, 32, 1, 1), (3, 16, 5, 5)]
    with torch.no_grad():
        hidden = relu(conv2d(relu(conv2d(x, w1, b1, padding=4)), w2, b2, padding=3))
        expected = conv2d(relu(conv2d(hidden, w3, b3)), w4, b4, padding=2)
        assert torch.allclose(network(x), expected, atol=1e-5)
