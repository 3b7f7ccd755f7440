"""References beside their versions of growing strength, on one sheet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

from beholder.images import eight_bit

if TYPE_CHECKING:
    from beholder.data.distortions.levels import Levels

__all__ = ["draw_levels"]

_ROWS = 6
_HEAD, _GAP = 20, 2
_LEAST_ACROSS = 44  # for a strength of four digits


def draw_levels(levels: Levels) -> Image.Image:
    """The first six references, and each at every strength, pixel by pixel, as people will see them.

    Args:
        levels: What is drawn.
    """
    size = levels.size
    rows, across, down = min(_ROWS, len(levels)), max(size, _LEAST_ACROSS) + _GAP, size + _GAP
    sheet = Image.new("RGB", ((1 + len(levels.strengths)) * across, _HEAD + rows * down), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=12)
    for column, strength in enumerate((0, *levels.strengths)):
        pen.text((column * across + size / 2, 3), f"{strength:g}", "black", font=font, anchor="ma")
    for row in range(rows):
        pictures = [levels.reference(row), *(levels.distort(row, each) for each in levels.strengths)]
        for column, pixels in enumerate(pictures):
            place = (column * across, _HEAD + row * down)
            sheet.paste(Image.fromarray(eight_bit(pixels)), place)
    return sheet
