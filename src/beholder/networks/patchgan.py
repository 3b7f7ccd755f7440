"""PatchGAN: a discriminator of patches."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from torch import nn

from beholder.networks.discriminator import Discriminator
from beholder.networks.options import check_count

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["PatchGAN"]


class PatchGAN(Discriminator):
    """Convolutions 4x4 that judge overlapping patches, of 70x70 pixels with three halvings.

    Args:
        channels: Of the pictures; 6 where RGB pictures are shown beside what they were made from.
        width: Channels of the first layer; they double with each halving, three times at most.
        layers: How often the picture is halved. It must have ``3 * 2**layers`` pixels a side at least.

    Raises:
        UsageError: If an option is impossible.

    References:
        Isola et al., "Image-to-Image Translation with Conditional Adversarial Networks", CVPR 2017,
        arXiv:1611.07004, section 6.1.2: weights start from a Gaussian of deviation 0.02. Deviation: instance
        normalisation instead of batch normalisation, as in CycleGAN (Zhu et al., ICCV 2017, arXiv:1703.10593), so that
        no judgement depends on the batch.
    """

    title = "Judges overlapping patches of 70x70 pixels"
    paper = "Isola et al., CVPR 2017, arXiv:1611.07004"

    def __init__(self, *, channels: int = 3, width: int = 64, layers: int = 3) -> None:
        super().__init__(channels=channels)
        check_count("width", width)
        check_count("layers", layers)
        self.min_size = 3 * 2**layers
        widths = [width * min(2**number, 8) for number in range(layers + 1)]
        steps: list[nn.Module] = [nn.Conv2d(channels, width, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        for number, (before, after) in enumerate(pairwise(widths), start=1):
            stride = 2 if number < layers else 1
            steps += [
                nn.Conv2d(before, after, 4, stride=stride, padding=1),
                nn.InstanceNorm2d(after),
                nn.LeakyReLU(0.2),
            ]
        self.layers = nn.Sequential(*steps, nn.Conv2d(widths[-1], 1, 4, padding=1))
        for layer in self.layers:
            if isinstance(layer, nn.Conv2d):
                nn.init.normal_(layer.weight, std=0.02)
                nn.init.zeros_(layer.bias)  # type: ignore[arg-type]  # each has one

    def judge(self, x: Tensor) -> Tensor:
        """A map over patches, shape (N, 1, H / 2**layers - 2, W / 2**layers - 2), rounded down."""
        judged: Tensor = self.layers(x)
        return judged
