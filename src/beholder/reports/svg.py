"""What every chart of a page is made of."""

from __future__ import annotations

import math
from importlib.resources import files
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["draw_alone", "draw_svg", "round_ticks"]


def round_ticks(low: float, high: float) -> list[float]:
    """Round numbers from below the lowest to above the highest."""
    span = (high - low) or abs(high) or 1.0
    step = 10.0 ** math.floor(math.log10(span / 2))
    step *= next(factor for factor in (1, 2, 2.5, 5, 10) if span / (step * factor) <= 6)
    first, last = math.floor(low / step - 0.2), math.ceil(high / step + 0.05)
    return [round(place * step, 10) for place in range(first, last + 1)]


def draw_svg(width: float, height: float, drawn: Iterable[Markup], label: str) -> Markup:
    """A picture of these parts, and what it is for those who do not see it."""
    return Markup(
        '<svg viewBox="0 0 {:.0f} {:.0f}" width="{:.0f}" height="{:.0f}" role="img" aria-label="{}">{}</svg>'
    ).format(width, height, width, height, escape(label), Markup("").join(drawn))


def draw_alone(drawn: Markup, styles: Sequence[str]) -> str:
    """A chart as a file of its own.

    Args:
        drawn: What `draw_svg` gives.
        styles: Style sheets in ``templates``, one after the other.
    """
    templates = files("beholder.reports") / "templates"
    css = "\n".join((templates / name).read_text(encoding="utf-8") for name in styles)
    opening, rest = str(drawn).split(">", 1)
    return f'{opening} xmlns="http://www.w3.org/2000/svg">\n<style>\n{css}</style>\n{rest}\n'
