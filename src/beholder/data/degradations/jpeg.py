"""JPEG compression, as files have it."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING, Literal, get_args

import imagecodecs
import numpy as np
import torch
from torch import Tensor

from beholder.data.degradations.degradation import Step
from beholder.data.degradations.span import Number, Span, read_span
from beholder.data.degradations.stored import check_picture, to_levels, to_unit
from beholder.ops.color import replace_luma, rgb_to_y
from beholder.spec import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Jpeg"]

Subsampling = Literal["4:2:0", "4:2:2", "4:4:4"]


@dataclasses.dataclass(frozen=True)
class Jpeg(Step):
    """Compress with libjpeg, in memory, and decompress.

    The pixels are those that Pillow's ``save(..., "JPEG", quality=...)`` and ``open`` give; a test holds that. The
    result has 256 levels, as libjpeg writes them.

    Attributes:
        quality: libjpeg's quality, 1 to 100, or a range, ``"10..40"``, of which a whole number is drawn.
        subsampling: Of colour: ``"4:2:0"``, ``"4:2:2"`` or ``"4:4:4"``.
        channel: ``"rgb"``: a colour file. ``"y"``: luma alone (`beholder.ops.color.rgb_to_y`, on 256 levels) goes
            through a grey file, and its change is added to the picture, whose colours stay.

    Raises:
        UsageError: If an option is impossible.
    """

    quality: Number = 10
    subsampling: Subsampling = "4:2:0"
    channel: Literal["rgb", "y"] = "rgb"

    def __post_init__(self) -> None:
        if self.subsampling not in get_args(Subsampling):
            allowed = ", ".join(get_args(Subsampling))
            raise UsageError(f"subsampling is {self.subsampling!r}; expected one of {allowed}.")
        if self.channel not in ("rgb", "y"):
            raise UsageError(f"channel is {self.channel!r}; expected rgb or y.")
        _ = self._span

    @functools.cached_property
    def _span(self) -> Span:
        return read_span(self.quality, "quality", 1, 100, whole=True)

    @property
    def grid(self) -> int:
        """Side of the blocks that are compressed together."""
        return 8 if self.channel == "y" or self.subsampling == "4:4:4" else 16

    @property
    def reach(self) -> int:
        """One, where colours are interpolated on decompression: libjpeg looks at the next sample of colour."""
        return 1 if self.grid == 16 else 0

    def __call__(self, clean: Tensor, draw: torch.Generator) -> Tensor:
        """Compress a picture and decompress it, as `Degradation` says; what is drawn is the quality."""
        check_picture(clean)
        quality = self._span.draw_whole(draw)
        if self.channel == "y":
            return self._spoil_luma(to_unit(clean), quality)
        # A copy, not `ascontiguousarray`, which leaves a single pixel the strides that libjpeg's door refuses.
        levels = np.array(to_levels(clean).permute(1, 2, 0).numpy(), order="C")
        spoilt = _there_and_back(levels, quality, self.subsampling)
        return to_unit(torch.from_numpy(spoilt).permute(2, 0, 1)).contiguous()

    @staticmethod
    def _spoil_luma(clean: Tensor, quality: int) -> Tensor:
        luma = to_levels(rgb_to_y(clean[None])[0, 0]).numpy()
        spoilt = to_unit(torch.from_numpy(_there_and_back(luma, quality, "4:4:4")))
        return to_unit(to_levels(replace_luma(clean[None], spoilt[None, None])[0]))


def _there_and_back(levels: NDArray[np.uint8], quality: int, subsampling: str) -> NDArray[np.uint8]:
    # imagecodecs runs the same libjpeg-turbo as Pillow, in a seventh of Pillow's time for a small picture.
    file = imagecodecs.jpeg8_encode(levels, level=quality, subsampling=subsampling.replace(":", ""))
    spoilt: NDArray[np.uint8] = imagecodecs.jpeg8_decode(file)
    return spoilt
