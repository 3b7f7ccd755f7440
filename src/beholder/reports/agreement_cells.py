"""Figures of agreement as words: each with its interval in one cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

__all__ = ["fold_intervals"]


def fold_intervals(frame: pl.DataFrame) -> tuple[list[str], list[list[str]]]:
    """Heads and rows of a table in which a figure and its interval are one cell: ``0.7748 (0.7665 to 0.7827)``.

    Ends of an interval are columns `low` and `high` after the figure, or of its name: `auc_low`, `auc_high`. What is no
    number is left empty.

    Args:
        frame: Scores or comparisons of `beholder.calibration.Agreement`.
    """
    ends: dict[str, tuple[str, str]] = {}
    for place, name in enumerate(frame.columns):
        if frame.columns[place + 1 : place + 3] == ["low", "high"]:
            ends[name] = "low", "high"
        elif f"{name}_low" in frame.columns:
            ends[name] = f"{name}_low", f"{name}_high"
    taken = {end for pair in ends.values() for end in pair}
    heads = [name for name in frame.columns if name not in taken]
    rows = [[_cell(row, name, ends.get(name)) for name in heads] for row in frame.to_dicts()]
    return heads, rows


def _cell(row: dict[str, Any], name: str, ends: tuple[str, str] | None) -> str:
    words = _word(row[name])
    low, high = (_word(row[end]) for end in ends) if ends else ("", "")
    return f"{words} ({low} to {high})" if words and low and high else words


def _word(value: Any) -> str:
    if value is None or value != value:
        return ""
    return (
        f"{value:.4f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
    )
