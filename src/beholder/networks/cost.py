"""What a network costs."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import torch
from torch.utils.flop_counter import FlopCounterMode

from beholder.networks.options import check_count

if TYPE_CHECKING:
    from torch import nn

    from beholder.networks.discriminator import Discriminator
    from beholder.networks.restoration import RestorationNetwork

__all__ = ["count_flops", "count_parameters"]


def count_parameters(network: nn.Module) -> int:
    """Number of values that training sets."""
    return sum(parameter.numel() for parameter in network.parameters())


def count_flops(network: RestorationNetwork | Discriminator, height: int, width: int) -> int:
    """Floating-point operations of convolutions and matrix products for one picture; nothing is computed.

    A multiplication with its addition counts as 2, as in ``torch.utils.flop_counter``: papers that count
    multiply-adds report half. Activations, normalisation and additions are not counted.

    Args:
        network: Any of the catalogue's.
        height: Height of the input, in pixels.
        width: Width of the input, in pixels.

    Returns:
        The number of operations in eval mode.

    Raises:
        UsageError: If a side is no whole number of at least 1.
        ShapeError: If a side is smaller than the network takes.
    """
    check_count("height", height)
    check_count("width", width)
    # On the meta device tensors have shapes only.
    shapes = copy.deepcopy(network).to("meta").eval()
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        shapes(torch.empty(1, network.channels, height, width, device="meta"))
    return int(counter.get_total_flops())
