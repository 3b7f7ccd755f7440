"""Shrinking, with a blur that may be unknown."""

from __future__ import annotations

import dataclasses
import functools
import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

from beholder.data.degradations.degradation import Step
from beholder.data.degradations.span import Number, Span, read_span
from beholder.data.degradations.stored import check_picture, to_levels, to_unit
from beholder.ops.filters import filter_separable, gaussian_kernel
from beholder.ops.resize import resize
from beholder.spec import ShapeError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["SCALES", "Shrink"]

SCALES: Sequence[int] = (2, 3, 4, 8)
_SHARPEST, _BLURRIEST = 0.1, 50.0  # below, nothing is blurred, and exp() would underflow
_WIDTH = 3.0  # of a blur kernel to either side, in standard deviations


@dataclasses.dataclass(frozen=True)
class Shrink(Step):
    """Shrink by MATLAB's bicubic rule, after a Gaussian blur if one is asked for.

    Rows and columns that are left over at the bottom and the right are dropped first, as is usual in
    super-resolution. The result has 256 levels; between blur and shrinking nothing is rounded.

    Attributes:
        scale: How many times smaller: 2, 3, 4 or 8.
        sigma: Standard deviation of the blur, in pixels of the clean picture, or a range, ``"0.2..4"``, from which it
            is drawn. Without it there is no blur.
        across: Standard deviation across the direction of ``sigma``, or a range, for a blur that is not the same in
            all directions.
        angle: Direction of ``sigma``, in degrees from the rows, clockwise, or a range.

    Raises:
        UsageError: If an option is impossible.

    References:
        The blur is that of Zhang et al., "Learning a Single Convolutional Super-Resolution Network for Multiple
        Degradations", CVPR 2018, arXiv:1712.06116. Deviations: the kernel is as wide as three of the largest standard
        deviation to either side; the picture's edge is repeated beyond it.
    """

    scale: int = 4
    sigma: Number | None = None
    across: Number | None = None
    angle: Number = "0..180"

    def __post_init__(self) -> None:
        if self.scale not in SCALES or isinstance(self.scale, bool):
            allowed = ", ".join(str(scale) for scale in SCALES)
            raise UsageError(f"scale is {self.scale!r}; expected one of {allowed}.")
        if self.across is not None and self.sigma is None:
            raise UsageError("across is given without sigma; expected both, or sigma alone.")
        _ = self._spans

    @functools.cached_property
    def _spans(self) -> tuple[Span, Span | None, Span] | None:
        angle = read_span(self.angle, "angle", -360, 360)
        if self.sigma is None:
            return None
        across = None if self.across is None else read_span(self.across, "across", _SHARPEST, _BLURRIEST)
        return read_span(self.sigma, "sigma", _SHARPEST, _BLURRIEST), across, angle

    @functools.cached_property
    def _radius(self) -> int:
        if self._spans is None:
            return 0
        sigma, across, _ = self._spans
        return math.ceil(_WIDTH * max(sigma.high, across.high if across else 0.0))

    @property
    def grid(self) -> int:
        """The blocks that become a pixel each."""
        return self.scale

    @property
    def reach(self) -> int:
        """The kernels' half widths."""
        return 2 * self.scale + self._radius

    def __call__(self, clean: Tensor, draw: torch.Generator) -> Tensor:
        """Shrink a picture, as `Degradation` says; what is drawn are the blur's widths and angle."""
        check_picture(clean)
        height, width = (side // self.scale for side in clean.shape[1:])
        if not height or not width:
            raise ShapeError(
                f"the picture is {clean.shape[2]}x{clean.shape[1]}; expected at least {self.scale} pixels "
                f"a side, to shrink it {self.scale} times."
            )
        whole = to_unit(clean[None, :, : height * self.scale, : width * self.scale])
        blurred = self._blur(whole, draw)
        return to_unit(to_levels(resize(blurred, height, width)[0]))

    def _blur(self, clean: Tensor, draw: torch.Generator) -> Tensor:
        if self._spans is None:
            return clean
        sigma, across, angle = self._spans
        padded = functional.pad(clean, (self._radius,) * 4, mode="replicate")
        along = sigma.draw(draw)
        if across is None:
            return filter_separable(padded, gaussian_kernel(2 * self._radius + 1, along, padded))
        return _filter(padded, _turned_gaussian(self._radius, along, across.draw(draw), angle.draw(draw)))


def _turned_gaussian(radius: int, along: float, across: float, degrees: float) -> Tensor:
    """A Gaussian with two widths, turned, with sum 1, shape (2 radius + 1, 2 radius + 1)."""
    places = torch.arange(-radius, radius + 1, dtype=torch.float64)
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    down, right = places[:, None], places[None]
    exponent = ((right * cos + down * sin) / along) ** 2 + ((down * cos - right * sin) / across) ** 2
    kernel = torch.exp(-exponent / 2)
    return (kernel / kernel.sum()).to(torch.float32)


def _filter(x: Tensor, kernel: Tensor) -> Tensor:
    """Correlation without padding, through the Fourier transform: a 25x25 kernel takes a tenth of the time."""
    size, taken = x.shape[-2:], len(kernel) - 1
    response = torch.fft.rfft2(kernel, s=size)  # the kernel is its own mirror image
    filtered: Tensor = torch.fft.irfft2(torch.fft.rfft2(x) * response, s=size)
    return filtered[..., taken:, taken:]
