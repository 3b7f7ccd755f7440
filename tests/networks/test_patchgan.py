"""The patches of PatchGAN."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from beholder.networks.patchgan import PatchGAN


@pytest.mark.parametrize(
    ("layers", "side"), [(1, 16), (2, 34), (3, 70)]
)  # those of the paper's section 6.1.2
def test_a_judgement_sees_a_patch(layers: int, side: int) -> None:
    network = PatchGAN(width=2, layers=layers)
    for number, layer in enumerate(network.layers):
        if isinstance(layer, nn.InstanceNorm2d):  # it sees all of the picture
            network.layers[number] = nn.Identity()
        elif isinstance(layer, nn.Conv2d):
            nn.init.constant_(layer.weight, 0.1)
    x = torch.rand(1, 3, 160, 160, requires_grad=True)
    judged = network(x)
    middle = judged.shape[-1] // 2
    (gradient,) = torch.autograd.grad(judged[0, 0, middle, middle], x)
    rows = gradient[0, 0].any(1).nonzero()
    assert rows.max() - rows.min() + 1 == side


def test_a_map_of_judgements() -> None:
    assert PatchGAN(width=2)(torch.rand(1, 3, 256, 256)).shape == (1, 1, 30, 30)  # as the paper's code
    assert PatchGAN(width=2)(torch.rand(1, 3, 24, 37)).shape == (1, 1, 1, 2)
    assert PatchGAN(width=2, channels=6)(torch.rand(1, 6, 24, 24)).shape == (1, 1, 1, 1)


def test_judgements_are_relative_to_the_picture() -> None:
    torch.manual_seed(0)
    network, x = PatchGAN(width=4), torch.rand(1, 3, 64, 64)
    nn.init.ones_(network.layers[0].weight)
    with torch.no_grad():  # instance normalisation takes out what the first ReLU passes as a factor
        assert torch.allclose(network(2 * x), network(x), atol=1e-3)
