"""All distortions of a picture on one sheet, weak to strong."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

from beholder.data.distortions import DISTORTIONS
from beholder.data.drawing import random_source
from beholder.images import eight_bit
from beholder.spec import PictureError, ShapeError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from torch import Tensor

__all__ = ["STRENGTHS", "check_sheet_ending", "draw_sheet", "save_sheet"]

STRENGTHS = (0.2, 0.4, 0.6, 0.8, 1.0)
_BLOCKS = 2  # side by side
_LABEL, _HEAD, _GAP = 17, 20, 2
_ENDINGS = (".png", ".webp", ".jpg", ".jpeg")
_QUALITY = 82


def draw_sheet(
    picture: Tensor, *, size: int = 112, seed: int = 0, strengths: Sequence[float] = STRENGTHS
) -> Image.Image:
    """The middle of a picture, and each distortion of it with growing strength, labelled.

    Args:
        picture: Shape (3, H, W), in [0, 1].
        size: Side of the square that is cut out of it, in pixels.
        seed: Seed of all that is drawn; along a row it is the same.
        strengths: The columns.

    Raises:
        UsageError: If the size is less than 16.
        ShapeError: If the picture is smaller than the square.
    """
    if size < 16:
        raise UsageError(f"the size is {size}; expected at least 16 pixels.")
    height, width = picture.shape[1:]
    if min(height, width) < size:
        raise ShapeError(
            f"the picture is {width}x{height}; expected at least {size} pixels a side, or a smaller size."
        )
    top, left = (height - size) // 2, (width - size) // 2
    patch = picture[:, top : top + size, left : left + size].contiguous()
    rows = -(-len(DISTORTIONS) // _BLOCKS)
    across, down = size + _GAP, size + _LABEL
    block = (1 + len(strengths)) * across + 4 * _GAP
    sheet = Image.new("RGB", (_BLOCKS * block, _HEAD + rows * down), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=12)
    for place, (name, distortion) in enumerate(DISTORTIONS.items()):
        x, y = place // rows * block, _HEAD + place % rows * down
        if place % rows == 0:
            for column, heading in enumerate(["0", *(f"{strength:g}" for strength in strengths)]):
                pen.text((x + column * across + size / 2, 3), heading, "black", font=font, anchor="ma")
        pen.text((x, y), f"{name}: {distortion.strength}", "black", font=font)
        for column, strength in enumerate([0.0, *strengths]):
            made = distortion(patch, strength, random_source(f"{seed}/{name}")) if column else patch
            sheet.paste(Image.fromarray(eight_bit(made)), (x + column * across, y + _LABEL - _GAP))
    return sheet


def check_sheet_ending(path: Path) -> None:
    """Refuse a file that `save_sheet` does not write.

    Raises:
        UsageError: If its ending is another.
    """
    if path.suffix.lower() not in _ENDINGS:
        raise UsageError(
            f"{path}: the ending {path.suffix!r} is unknown; expected one of {', '.join(_ENDINGS)}."
        )


def save_sheet(sheet: Image.Image, path: Path) -> None:
    """Write a sheet: ``.png`` without loss, ``.webp`` and ``.jpg`` small.

    Raises:
        UsageError: If the ending is another.
        PictureError: If the file cannot be written.
    """
    check_sheet_ending(path)
    encoded = io.BytesIO()
    kind = Image.registered_extensions()[path.suffix.lower()]
    sheet.save(
        encoded,
        kind,
        **({} if kind == "PNG" else {"quality": _QUALITY}),
        **({"method": 6} if kind == "WEBP" else {}),
    )
    try:
        path.write_bytes(encoded.getvalue())
    except OSError as error:
        raise PictureError(f"{path}: cannot be written: {error.strerror}.") from error
