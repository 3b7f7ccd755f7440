"""The VGG-style discriminator of SRGAN, for pictures of any size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from beholder.networks.discriminator import Discriminator
from beholder.networks.options import check_count

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["VGGDiscriminator"]


class VGGDiscriminator(Discriminator):
    """Eight 3x3 convolutions, every other one halving, a mean over all places, and two linear layers.

    Args:
        channels: Of the pictures.
        width: Channels of the first layer; they double with each halving, three times.

    Raises:
        UsageError: If an option is impossible.

    References:
        Ledig et al., "Photo-Realistic Single Image Super-Resolution Using a Generative Adversarial Network",
        CVPR 2017, arXiv:1609.04802, figure 4. Deviations: a mean over places before the linear layers instead of a
        fixed size; spectral normalisation (Miyato et al., ICLR 2018, arXiv:1802.05957) instead of batch
        normalisation, so that no judgement depends on the batch.
    """

    title = "Judges the picture as a whole, as SRGAN's"
    paper = "Ledig et al., CVPR 2017, arXiv:1609.04802"

    def __init__(self, *, channels: int = 3, width: int = 64) -> None:
        super().__init__(channels=channels)
        check_count("width", width)
        steps: list[nn.Module] = []
        before = channels
        for after in (width, 2 * width, 4 * width, 8 * width):
            for stride in (1, 2):
                convolution = nn.Conv2d(before, after, 3, stride=stride, padding=1)
                steps += [spectral_norm(convolution), nn.LeakyReLU(0.2)]
                before = after
        self.features = nn.Sequential(*steps)
        self.verdict = nn.Sequential(
            spectral_norm(nn.Linear(before, 2 * before)),
            nn.LeakyReLU(0.2),
            spectral_norm(nn.Linear(2 * before, 1)),
        )

    def judge(self, x: Tensor) -> Tensor:
        """One number a picture, shape (N, 1)."""
        judged: Tensor = self.verdict(self.features(x).mean((2, 3)))
        return judged
