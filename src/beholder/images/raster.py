"""What every decoder hands over: samples as stored, and what must still be done to them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Raster", "Samples", "unit"]

Samples: TypeAlias = "NDArray[Any]"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Raster:
    """A decoded picture before colour management, compositing and turning.

    Attributes:
        colours: Shape (H, W, C), C = 1 grey, 3 RGB or 4 CMYK (0 is no ink); uint8, uint16, or float32 in
            [0, 1].
        alpha: Straight (not premultiplied) opacity, shape (H, W), of the type of ``colours``; ``None`` when
            there is none.
        icc: The embedded ICC profile.
        orientation: EXIF orientation, 1 to 8, still to be applied.
        notes: What the decoder changed or left out.
    """

    colours: Samples
    alpha: Samples | None = None
    icc: bytes | None = None
    orientation: int = 1
    notes: tuple[str, ...] = ()


def unit(samples: Samples) -> NDArray[np.float32]:
    """Samples of any of the three types as new, contiguous float32 in [0, 1]: an integer over its type's largest."""
    if samples.dtype.kind == "f":
        return np.array(samples, dtype=np.float32, order="C")
    # exact: float32 holds every 16-bit integer, and its division rounds correctly
    return np.divide(samples, np.iinfo(samples.dtype).max, dtype=np.float32, order="C")
