"""What pictures win or lose by what was done to them: mean scores, and their differences from the first row's."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table

from beholder.reports.summary import in_words

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Gains", "gain_table"]

_DECIMALS = {"dB": 2}


@dataclasses.dataclass(frozen=True)
class Gains:
    """Mean scores of several versions of the same pictures.

    Attributes:
        metrics: Name, unit and direction of each column.
        rows: What each version is, and its mean scores; the first is what the others are compared with.
    """

    metrics: Sequence[tuple[str, str, str]]
    rows: Sequence[tuple[str, Sequence[float]]]

    @property
    def heads(self) -> list[str]:
        """The columns' heads: name, unit, and which way is better."""
        return [
            f"{name}{'' if unit == '1' else f', {unit}'} {'↑' if direction == 'higher' else '↓'}"
            for name, unit, direction in self.metrics
        ]

    def cells(self, row: int) -> list[tuple[str, str]]:
        """The scores of a row in words, each with its gain; the first row's gains are empty."""
        cells = []
        for (_, unit, _), score, first in zip(self.metrics, self.rows[row][1], self.rows[0][1], strict=True):
            decimals = _DECIMALS.get(unit, 4)
            gain = in_words(score - first, decimals)
            cells.append(
                (in_words(score, decimals), "" if row == 0 else gain if gain[0] == "−" else f"+{gain}")
            )
        return cells


def gain_table(gains: Gains) -> Table:
    """The same for a terminal."""
    drawn = Table("", box=box.SIMPLE_HEAD)
    for head in gains.heads:
        drawn.add_column(head, justify="right", no_wrap=True)
    for row, (name, _) in enumerate(gains.rows):
        drawn.add_row(
            name, *[f"{score} {f'({gain})' if gain else '':>9}" for score, gain in gains.cells(row)]
        )
    return drawn
