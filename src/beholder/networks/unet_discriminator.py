"""The U-Net discriminator of Real-ESRGAN."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import nn
from torch.nn.functional import interpolate, leaky_relu
from torch.nn.utils.parametrizations import spectral_norm

from beholder.networks.discriminator import Discriminator
from beholder.networks.options import check_count
from beholder.networks.padding import pad_to_multiple

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["UNetDiscriminator"]


class UNetDiscriminator(Discriminator):
    """Halves the picture three times and comes back: a judgement of every pixel, with the picture around in view.

    Args:
        channels: Of the pictures.
        width: Channels at full size; they double with each halving.

    Raises:
        UsageError: If an option is impossible.

    References:
        Wang et al., "Real-ESRGAN: Training Real-World Blind Super-Resolution with Pure Synthetic Data",
        ICCV Workshops 2021, arXiv:2107.10833, after Schönfeld et al., CVPR 2020, arXiv:2002.12655; spectral
        normalisation: Miyato et al., ICLR 2018, arXiv:1802.05957.
    """

    title = "Judges every pixel, with the picture around in view"
    paper = "Wang et al., ICCV Workshops 2021, arXiv:2107.10833"

    def __init__(self, *, channels: int = 3, width: int = 64) -> None:
        super().__init__(channels=channels)
        check_count("width", width)
        self.head = nn.Conv2d(channels, width, 3, padding=1)
        self.down = nn.ModuleList(
            _normalised(width * factor, 2 * width * factor, 4, stride=2) for factor in (1, 2, 4)
        )
        self.up = nn.ModuleList(_normalised(2 * width * factor, width * factor, 3) for factor in (4, 2, 1))
        self.last = nn.Sequential(
            _normalised(width, width, 3),
            nn.LeakyReLU(0.2),
            _normalised(width, width, 3),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, 1, 3, padding=1),
        )

    def judge(self, x: Tensor) -> Tensor:
        """A judgement of each pixel, shape (N, 1, H, W)."""
        height, width = x.shape[-2:]
        features = leaky_relu(self.head(pad_to_multiple(x, 8)), 0.2)
        skips = []
        for level in self.down:
            skips.append(features)
            features = leaky_relu(level(features), 0.2)
        for level in self.up:
            larger = interpolate(features, scale_factor=2, mode="bilinear", align_corners=False)
            features = leaky_relu(level(larger), 0.2) + skips.pop()
        judged: Tensor = self.last(features)
        return judged[..., :height, :width]


def _normalised(before: int, after: int, kernel: int, **options: Any) -> nn.Module:
    return spectral_norm(nn.Conv2d(before, after, kernel, padding=1, bias=False, **options))
