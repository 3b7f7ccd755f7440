"""Compact: a small residual network that is quick on processors without an accelerator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn
from torch.nn.functional import pixel_shuffle, pixel_unshuffle

from beholder.networks.enlarging import SCALES, enlarge
from beholder.networks.initialise import shrink, start_for_relu, start_without_relu
from beholder.networks.options import check_choice, check_count
from beholder.networks.residual import ResidualBlock
from beholder.networks.restoration import RestorationNetwork

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Compact"]


class Compact(RestorationNetwork):
    """Residual blocks on a picture folded into channels, unfolded at the end, added to the input.

    Folding 2x2 pixels into channels makes each convolution four times cheaper and lets it see twice as far. All are
    plain 3x3 convolutions: where a processor multiplies matrices in bfloat16, a depthwise and a 1x1 convolution take
    nearly the time of a plain one, waiting for the memory, and have an eighth of its weights.

    Args:
        channels: 3 for RGB, 1 for luma.
        scale: 1, 2, 3, 4 or 8; 1 restores without enlarging.
        width: Channels of the features.
        blocks: Number of residual blocks.
        unshuffle: Side of the squares of pixels that become channels; by default 2 where ``scale`` is 1, else 1.

    Raises:
        UsageError: If an option is impossible.

    References:
        Our own arrangement of known parts: the blocks of EDSR (Lim et al., arXiv:1707.02921), pixel shuffle
        (Shi et al., CVPR 2016, arXiv:1609.05158) and its inverse as in FFDNet (Zhang et al., IEEE TIP 2018,
        arXiv:1710.04026). The last layer starts near 0, so that training starts from the input, bicubically
        enlarged.
    """

    title = "Residual blocks on folded pixels, for processors without an accelerator"

    def __init__(
        self,
        *,
        channels: int = 3,
        scale: int = 1,
        width: int = 64,
        blocks: int = 12,
        unshuffle: int | None = None,
    ) -> None:
        check_choice("scale", scale, SCALES)
        unshuffle = (2 if scale == 1 else 1) if unshuffle is None else unshuffle
        for name, value in (("width", width), ("blocks", blocks), ("unshuffle", unshuffle)):
            check_count(name, value)
        super().__init__(channels=channels, scale=scale, multiple=unshuffle)
        self.unshuffle = unshuffle
        unfolded = unshuffle * scale
        self.head = nn.Conv2d(channels * unshuffle**2, width, 3, padding=1)
        residuals = [ResidualBlock(width) for _ in range(blocks)]
        self.body = nn.Sequential(*residuals, nn.Conv2d(width, width, 3, padding=1))
        self.tail = nn.Conv2d(width, channels * unfolded**2, 3, padding=1)
        start_for_relu(self)
        start_without_relu(self.head, self.body[-1], self.tail)
        for block in residuals:
            block.start_small()
        shrink(self.tail, 0.01)

    def restore(self, x: Tensor) -> Tensor:
        """Shape (N, C, H, W), sides multiples of ``unshuffle``, to (N, C, scale * H, scale * W)."""
        features = self.head(pixel_unshuffle(x, self.unshuffle))
        features = features + self.body(features)
        return enlarge(x, self.scale) + pixel_shuffle(self.tail(features), self.unshuffle * self.scale)
