"""What a column of scores looks like: its spread, its middle, and a histogram on round numbers."""

from __future__ import annotations

import dataclasses
import math
import statistics
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Summary", "summarise", "summarise_column"]

_MOST_BINS = 18
_MOST_DECIMALS = 8
_MOST_FOR_MEDIAN = 1_000_000


@dataclasses.dataclass(frozen=True, kw_only=True)
class Summary:
    """A column of scores. Missing ones are counted, and stay out of the rest.

    Attributes:
        low: Least finite score.
        high: Greatest finite score.
        mean: Mean of the finite scores; NaN when there are none.
        median: Median of all scores, infinite ones among them; NaN when there are none.
        decimals: Decimal places that tell the column's scores apart.
        start: Where the first bin begins.
        step: Width of a bin: 1, 2 or 5 times a power of ten.
        counts: Scores in each bin; empty when no score is finite.
        infinite: Number of infinite scores.
        failed: Number of pairs without a score.
    """

    low: float
    high: float
    mean: float
    median: float
    decimals: int
    start: float
    step: float
    counts: tuple[int, ...]
    infinite: int
    failed: int

    def edge(self, place: int) -> str:
        """The lower edge of a bin in words; one past the last bin gives the upper end."""
        # The tiny push keeps log10(0.1) from landing just below -1.
        decimals = min(max(-math.floor(math.log10(self.step) + 1e-9), 0), _MOST_DECIMALS)
        return in_words(self.start + place * self.step, decimals)

    def span(self, place: int) -> str:
        """What a bin holds in words: its two edges, or the one score that all pairs have."""
        if self.low == self.high:
            return in_words(self.low, self.decimals)
        return f"{self.edge(place)} to {self.edge(place + 1)}"

    def middle(self) -> str:
        """The median in words."""
        return in_words(self.median, self.decimals)


def in_words(number: float, decimals: int) -> str:
    """A number with a fixed number of decimals, a true minus sign, and no minus before zero; "–" for NaN."""
    if math.isnan(number):
        return "–"
    text = f"{abs(number):.{decimals}f}"
    signed = f"−{text}" if number < 0 and float(text) != 0 else text
    return signed.replace("inf", "∞")


def summarise(scores: Sequence[float | None]) -> Summary:
    """Summarise a column of scores; ``None`` and NaN are pairs without one."""
    return summarise_column(pl.LazyFrame({"": scores}, schema={"": pl.Float64}), "")


def summarise_column(rows: pl.LazyFrame, name: str) -> Summary:
    """Summarise a column of any length, read in passes: neither its scores nor a copy of them is held.

    Beyond a million rows the median is that of every so many, evenly spread.
    """
    score = pl.col(name).fill_nan(None)
    finite = score.filter(score.is_finite())
    told = (
        rows.select(
            rows=pl.len(),
            present=score.count(),
            finite=finite.count(),
            low=finite.min(),
            high=finite.max(),
            mean=finite.mean(),
        )
        .collect(engine="streaming")
        .row(0, named=True)
    )
    low, high = told["low"] or 0.0, told["high"] or 0.0
    step = _round_step((high - low) / _MOST_BINS)
    start = math.floor(low / step) * step if high > low else low - step / 2
    bins = max(1, math.ceil((high - start) / step)) if told["finite"] else 0
    return Summary(
        low=low,
        high=high,
        mean=math.nan if told["mean"] is None else told["mean"],
        median=_median(rows.select(score), told["rows"]),
        decimals=_decimals(max(abs(low), abs(high))),
        start=start,
        step=step,
        counts=_count(rows.select(score), start, step, bins),
        infinite=told["present"] - told["finite"],
        failed=told["rows"] - told["present"],
    )


def _median(scores: pl.LazyFrame, rows: int) -> float:
    every = -(-rows // _MOST_FOR_MEDIAN)
    sample = scores.gather_every(every) if every > 1 else scores
    present = sample.drop_nulls().collect(engine="streaming").to_series()
    return statistics.median(present.to_list()) if len(present) else math.nan


def _count(scores: pl.LazyFrame, start: float, step: float, bins: int) -> tuple[int, ...]:
    """Scores in each bin."""
    if not bins:
        return ()
    score = pl.first()
    place = ((score - start) / step).floor().clip(0, bins - 1).cast(pl.Int64)
    finite = scores.filter(score.is_finite())
    counted = dict(
        finite.select(bin=place).group_by("bin").agg(count=pl.len()).collect(engine="streaming").iter_rows()
    )
    return tuple(counted.get(each, 0) for each in range(bins))


def _decimals(largest: float) -> int:
    if largest >= 10:
        return 2
    return min(max(4, 3 - math.floor(math.log10(largest))), _MOST_DECIMALS) if largest else 4


def _round_step(least: float) -> float:
    if least <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(least))
    return next(digit * power for digit in (1, 2, 5, 10) if digit * power >= least * (1 - 1e-9))
