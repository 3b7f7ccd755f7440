"""Formulas of docstrings, drawn when the guide is built: no script draws them in the reader's browser.

Docstrings hold LaTeX, in :math: roles and ``.. math::`` blocks, which Markdown would spoil. Before it sees them they become
words of hexadecimal digits, and in the finished page these become drawings in the colour of the text.
"""

from __future__ import annotations

import html
import re
from functools import cache
from typing import Any

import griffe
import numpy as np
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path as Outline
from matplotlib.textpath import TextPath

__all__ = ["Formulas", "on_page_content"]

_ROLE = re.compile(r":math:`([^`]+)`")
_BLOCK = re.compile(r"^( *)\.\. math::[ \t]*(.*(?:\n\1 +\S.*)*)", re.MULTILINE)
_WORD = re.compile(r"(?:<p>)?formula(inline|block)((?:[0-9a-f]{2})+)x(?:</p>)?")
_COMMANDS = {Outline.MOVETO: "M", Outline.LINETO: "L", Outline.CURVE3: "Q", Outline.CURVE4: "C"}
_SIZE = 100  # units of the drawing to an em
_SPELLINGS = (  # of LaTeX that matplotlib does not know, by what it knows
    (r"\\tfrac", r"\\frac"),
    (r"\\frac\s*(\w)\s*(\w)", r"\\frac{\1}{\2}"),
    (r"\\Big[lr]", ""),
    (r"\\le\b", r"\\leq"),
    (r"\\ge\b", r"\\geq"),
    (r"\\ne\b", r"\\neq"),
)


class Formulas(griffe.Extension):
    """Hides the formulas of every docstring from Markdown."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Replace what a docstring has of LaTeX by words."""
        if obj.docstring:
            text = _BLOCK.sub(lambda found: f"{found[1]}{_word('block', found[2])}", obj.docstring.value)
            obj.docstring.value = _ROLE.sub(lambda found: _word("inline", found[1]), text)


def _word(kind: str, latex: str) -> str:
    return f"formula{kind}{' '.join(latex.split()).encode().hex()}x"


def on_page_content(content: str, **_: Any) -> str:
    """Draw the formulas of a page."""
    return _WORD.sub(lambda found: _markup(found[1], bytes.fromhex(found[2]).decode()), content)


@cache
def _markup(kind: str, latex: str) -> str:
    tag = "div" if kind == "block" else "span"
    try:
        drawn = _draw(latex)
    except ValueError:  # matplotlib does not know all of LaTeX: the source is readable, too
        drawn = f"<code>{html.escape(latex)}</code>"
    return f'<{tag} class="formula">{drawn}</{tag}>'


def _draw(latex: str) -> str:
    """The formula as an SVG picture that sits on the line of the text.

    Raises:
        ValueError: If matplotlib cannot set it.
    """
    spelled = latex
    for unknown, known in _SPELLINGS:
        spelled = re.sub(unknown, known, spelled)
    outline = TextPath((0, 0), f"${spelled}$", size=_SIZE, prop=FontProperties(math_fontfamily="cm"))
    (left, bottom), (right, top) = outline.vertices.min(0), outline.vertices.max(0)
    pieces = [
        "Z"
        if code == Outline.CLOSEPOLY
        else _COMMANDS[code] + " ".join(f"{v:.0f}" for v in points * _FLIP[: len(points)])
        for points, code in outline.iter_segments()
    ]
    height, width = top - bottom, right - left
    return (
        f'<svg role="img" aria-label="{html.escape(latex)}" viewBox="{left:.0f} {-top:.0f} {width:.0f} {height:.0f}" '
        f'style="width:{width / _SIZE:.2f}em;height:{height / _SIZE:.2f}em;vertical-align:{bottom / _SIZE:.2f}em">'
        f'<path d="{"".join(pieces)}"/></svg>'
    )


_FLIP = np.array([1, -1] * 3)  # SVG counts rows downwards
