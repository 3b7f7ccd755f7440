"""L8: eight convolutions against the artefacts of JPEG."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn.functional import relu

from beholder.networks.initialise import shrink, start_for_relu, start_without_relu
from beholder.networks.options import check_flag
from beholder.networks.restoration import RestorationNetwork

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["L8"]


class L8(RestorationNetwork):
    """Eight convolutions; the first one's features are shown to the fifth and the seventh again.

    11x11 to 32 channels, three 3x3 to 64, joined with the first 32, 1x1 to 64, 5x5 to 64, joined again, 1x1 to 128,
    5x5 to the picture; a ReLU after each but the last. Borders are zeros.

    Args:
        channels: 3 for RGB, 1 for luma.
        final_relu: Whether a ReLU follows the last layer, too. What it cuts off below 0 has no gradient.

    Raises:
        UsageError: If an option is impossible.

    References:
        Svoboda et al., "Compression Artifacts Removal Using Convolutional Neural Networks", WSCG 2016,
        arXiv:1605.00366. Deviations: training starts from the picture itself, which some channels carry through, and
        corrections that are small; the paper's network is for luma.
    """

    title = "Eight convolutions with two skips, against JPEG"
    paper = "Svoboda et al., WSCG 2016, arXiv:1605.00366"

    def __init__(self, *, channels: int = 3, final_relu: bool = False) -> None:
        check_flag("final_relu", final_relu)
        super().__init__(channels=channels)
        sizes = (
            (channels, 32, 11),
            (32, 64, 3),
            (64, 64, 3),
            (64, 64, 3),
            (64 + 32, 64, 1),
            (64, 64, 5),
            (64 + 32, 128, 1),
            (128, channels, 5),
        )
        self.convolutions = nn.ModuleList(
            nn.Conv2d(before, after, kernel, padding=kernel // 2) for before, after, kernel in sizes
        )
        self.final_relu = final_relu
        start_for_relu(self)
        start_without_relu(self.convolutions[-1])
        self._start_as_identity()

    def _start_as_identity(self) -> None:
        """Carry the picture through the first, the seventh and the last layer; what the others make of it starts small."""
        first, seventh, last = (self.convolutions[place].get_parameter("weight") for place in (0, 6, 7))
        shrink(self.convolutions[-1], 0.1)
        with torch.no_grad():
            seventh[: self.channels] = 0
            for carrying in (
                first[: self.channels],
                seventh[: self.channels, -32:],
                last[:, : self.channels],
            ):
                nn.init.dirac_(carrying)

    def restore(self, x: Tensor) -> Tensor:
        """Shape (N, C, H, W) to the same."""
        *hidden, last = self.convolutions
        first = x = relu(hidden[0](x))
        for number, convolution in enumerate(hidden[1:], start=2):
            x = relu(convolution(torch.cat([x, first], 1) if number in (5, 7) else x))
        x = last(x)
        return relu(x) if self.final_relu else x
