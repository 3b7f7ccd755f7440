"""White noise."""

from __future__ import annotations

import dataclasses
import functools

import torch
from torch import Tensor

from beholder.data.degradations.degradation import Step
from beholder.data.degradations.span import Number, Span, read_span
from beholder.data.degradations.stored import check_picture, to_unit

__all__ = ["Noise"]


@dataclasses.dataclass(frozen=True)
class Noise(Step):
    """Add white Gaussian noise to the encoded values.

    The result is clamped to [0, 1]. It is the only degradation that is not rounded to 256 levels: sensors make noise before
    anything is rounded, and published denoisers are measured so.

    Attributes:
        sigma: Standard deviation, in encoded values (25/255 is 0.098), or a range, ``"0..0.2"``.

    Raises:
        UsageError: If sigma is negative or no number.
    """

    sigma: Number = 0.1

    def __post_init__(self) -> None:
        _ = self._span

    @functools.cached_property
    def _span(self) -> Span:
        return read_span(self.sigma, "sigma", 0)

    def __call__(self, clean: Tensor, draw: torch.Generator) -> Tensor:
        """Add noise to a picture, as `Degradation` says; what is drawn are sigma and the noise."""
        check_picture(clean)
        sigma = self._span.draw(draw)
        noise = torch.randn(clean.shape, generator=draw)
        return noise.mul_(sigma).add_(to_unit(clean)).clamp_(0, 1)
