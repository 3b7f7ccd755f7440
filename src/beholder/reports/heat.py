"""Heat maps: where two pictures differ, in colours that grow brighter with the difference."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from beholder.images.source import shown
from beholder.spec import PictureError, ShapeError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["heat_palette", "save_map"]

_LEVELS = 255
# Grey is no colour of the scale, so a value that is not a number cannot be read as one.
_GREY = (128, 128, 128)


def save_map(values: np.ndarray, map_range: tuple[float, float], path: Path) -> None:
    """Save a metric's map as a coloured 8-bit PNG, dark where the pictures are alike.

    Args:
        values: Raw map, shape (h, w).
        map_range: The value where pictures are alike and the value where they differ strongly. It descends
            for a similarity, such as ``(1.0, 0.0)`` for SSIM. Values outside it get the colour of its ends.
        path: File to write; its folder is created where missing.

    Raises:
        ShapeError: If the map is not two-dimensional.
        UsageError: If the two ends of the range are equal.
        PictureError: If the file cannot be written.
    """
    if values.ndim != 2:
        raise ShapeError(f"a heat map has shape (h, w); found {values.shape}")
    alike, different = map_range
    if alike == different:
        raise UsageError(f"a heat map's range needs two different ends; found {alike} twice")
    difference = np.clip((values.astype(np.float64) - alike) / (different - alike), 0.0, 1.0)
    levels = np.where(np.isnan(difference), _LEVELS, np.rint(difference * (_LEVELS - 1)))
    picture = Image.fromarray(levels.astype(np.uint8))
    picture.putpalette(
        [*_colours(_LEVELS).flatten().tolist(), *_GREY]
    )  # a byte a pixel: a third of the size and time of true colour
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.save(path, format="PNG")
    except OSError as error:
        raise PictureError(
            f"{shown(path)}: the heat map could not be written ({error.strerror or error}); expected a folder "
            "that you may write in, with room on its disk; free some, or name another folder"
        ) from error


def heat_palette(steps: int = 17) -> list[str]:
    """Evenly spaced colours of the heat maps' scale, from alike to different, as ``#rrggbb``."""
    return [f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in _colours(steps).tolist()]


@functools.cache
def _colours(steps: int) -> NDArray[np.uint8]:
    """Evenly spaced colours of the scale, shape (steps, 3)."""
    import matplotlib as mpl  # a heavy import, which a run without heat maps need not wait for

    shares = mpl.colormaps["magma"](np.linspace(0.0, 1.0, steps))[:, :3]
    return np.asarray(np.rint(shares * 255), dtype=np.uint8)
