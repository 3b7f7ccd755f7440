"""The transformation network of fast style transfer."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Literal, get_args

from torch import nn

from beholder.networks.initialise import start_for_relu, start_without_relu
from beholder.networks.options import check_choice, check_count
from beholder.networks.restoration import RestorationNetwork

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["TransformNet"]

Normalisation = Literal["instance", "batch"]

_MIN_SIZE = 8  # reflection at the 9x9 convolution needs 5 pixels, at a quarter of the size 2


class TransformNet(RestorationNetwork):
    """Convolutions with reflected borders round residual blocks.

    For styles (``scale=1``): 9x9 to ``width`` channels, two of stride 2 that double them, residual blocks at a quarter
    of the size, and back. For super-resolution: 9x9 to ``2 * width`` channels, residual blocks at the input's size,
    then doublings. A last 9x9 convolution makes the picture.

    Args:
        channels: 3 for RGB, 1 for luma or grey.
        scale: 1, 2, 4 or 8.
        width: Channels of the first layer for styles; half of those for super-resolution.
        blocks: Number of residual blocks; by default the paper's, 5 where ``scale`` is 1, else 4.
        normalisation: ``"instance"`` or ``"batch"``. With instance normalisation a picture's result does not depend on
            its batch, but on all of the picture: tiles of it come out differently.

    Raises:
        UsageError: If an option is impossible.

    References:
        Johnson et al., "Perceptual Losses for Real-Time Style Transfer and Super-Resolution", ECCV 2016,
        arXiv:1603.08155, with its supplement, which has batch normalisation; instance normalisation: Ulyanov et al.,
        arXiv:1607.08022. Deviations: enlarging is repetition and a convolution, since transposed convolutions leave
        checkerboards (Odena et al., Distill 2016, doi:10.23915/distill.00003); residual blocks reflect their
        borders instead of cutting them; no tanh bounds the output.
    """

    title = "Johnson's transformation network, for styles and super-resolution"
    paper = "Johnson et al., ECCV 2016, arXiv:1603.08155"

    def __init__(
        self,
        *,
        channels: int = 3,
        scale: int = 1,
        width: int = 32,
        blocks: int | None = None,
        normalisation: Normalisation = "instance",
    ) -> None:
        check_choice("scale", scale, (1, 2, 4, 8))
        check_choice("normalisation", normalisation, get_args(Normalisation))
        blocks = (5 if scale == 1 else 4) if blocks is None else blocks
        check_count("width", width)
        check_count("blocks", blocks)
        super().__init__(channels=channels, scale=scale, multiple=4 if scale == 1 else 1, min_size=_MIN_SIZE)
        self.normalisation: Normalisation = normalisation
        if scale == 1:
            down, inner, up = [width, 2 * width, 4 * width], 4 * width, [2 * width, width]
        else:
            inner = 2 * width
            down, up = [inner], [inner] * (scale.bit_length() - 1)
        layers: list[nn.Module] = self._step(channels, down[0], 9)
        for before, after in pairwise(down):
            layers += self._step(before, after, 3, stride=2)
        layers += [_Residual(inner, normalisation) for _ in range(blocks)]
        for before, after in pairwise([inner, *up]):
            layers += [nn.Upsample(scale_factor=2, mode="nearest"), *self._step(before, after, 3)]
        self.layers = nn.Sequential(*layers, _convolution(up[-1], channels, 9))
        start_for_relu(self)
        start_without_relu(self.layers[-1])

    def _step(self, before: int, after: int, kernel: int, stride: int = 1) -> list[nn.Module]:
        return [_convolution(before, after, kernel, stride), _norm(after, self.normalisation), nn.ReLU()]

    def restore(self, x: Tensor) -> Tensor:
        """Shape (N, C, H, W), for styles with sides that are multiples of 4, to (N, C, scale * H, scale * W)."""
        restored: Tensor = self.layers(x)
        return restored


class _Residual(nn.Module):
    """Two normalised convolutions, added to the input."""

    def __init__(self, width: int, normalisation: Normalisation) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            _convolution(width, width, 3),
            _norm(width, normalisation),
            nn.ReLU(),
            _convolution(width, width, 3),
            _norm(width, normalisation),
        )

    def forward(self, x: Tensor) -> Tensor:
        restored: Tensor = x + self.layers(x)
        return restored


def _norm(width: int, normalisation: Normalisation) -> nn.Module:
    return nn.InstanceNorm2d(width, affine=True) if normalisation == "instance" else nn.BatchNorm2d(width)


def _convolution(before: int, after: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(before, after, kernel, stride, padding=kernel // 2, padding_mode="reflect")
