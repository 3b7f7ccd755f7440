"""How weights start."""

from __future__ import annotations

import torch
from torch import nn

__all__ = ["shrink", "start_for_relu", "start_like_nearest", "start_without_relu"]


def start_for_relu(network: nn.Module, slope: float = 0.0) -> None:
    """Draw each convolution's weights so that the signal keeps its size through ReLUs; biases start at 0.

    Args:
        network: Its convolutions are set, in place.
        slope: The ReLU's slope below 0.

    References:
        He et al., "Delving Deep into Rectifiers", ICCV 2015, arXiv:1502.01852, equation 10.
    """
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, a=slope, nonlinearity="leaky_relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def start_without_relu(*layers: nn.Module) -> None:
    """Draw the weights of convolutions that no ReLU follows so that the signal keeps its size, in place."""
    for layer in layers:
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="linear")


def shrink(layer: nn.Module, factor: float) -> None:
    """Multiply a layer's weights, in place: the last layer of a branch that is added starts small.

    Not at 0, where no gradient would reach the layers before it in the first step.
    """
    with torch.no_grad():
        layer.get_parameter("weight").mul_(factor)


def start_like_nearest(layer: nn.Conv2d, factor: int) -> None:
    """Let a convolution before a pixel shuffle start as nearest-neighbour enlarging, without a checkerboard.

    The channels that the shuffle lays side by side get equal weights and biases, in place.

    Args:
        layer: Convolution to ``C * factor**2`` channels.
        factor: What the shuffle enlarges by.

    References:
        Aitken et al., "Checkerboard artifact free sub-pixel convolution", 2017, arXiv:1707.02937.
    """
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.copy_(parameter[:: factor**2].repeat_interleave(factor**2, dim=0))
