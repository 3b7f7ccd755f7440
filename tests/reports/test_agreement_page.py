"""The page of agreement with people: what it shows of each kind of judgements."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from beholder.calibration import MeasuredSet, agree, measure
from beholder.data.judged import open_judgements
from beholder.reports.agreement_cells import fold_intervals
from beholder.reports.agreement_charts import Bar, draw_bars, draw_scatter
from beholder.reports.agreement_page import write_agreement_page
from judged_sets import make_bapps


def make_ratings(count: int = 60) -> MeasuredSet:
    generator = np.random.default_rng(0)
    quality = generator.normal(size=count)
    return MeasuredSet(
        kind="ratings",
        answers=quality,
        distances={"<one>": -quality[:, None], "other": generator.normal(size=(count, 1))},
        parts={},
        groups=np.arange(count) // 4,
        places=np.arange(count),
        errors=(("lost.png", "is no picture"),),
    )


def test_a_set_is_shown_with_its_disagreements(tmp_path: Path) -> None:
    judged = open_judgements(make_bapps(tmp_path / "set", val_cnn=10, val_color=10))
    measured = measure(judged, ["mse", "mae"])
    page = tmp_path / "new" / "page.html"
    write_agreement_page(
        measured,
        agree(measured),
        page,
        created="2026-01-02T03:04:05+00:00",
        command="beholder agree",
        judged=judged,
    )
    text = page.read_text()
    assert "2 January 2026, 03:04 UTC" in text
    assert text.count("<rect x=") == 2 * 4  # two metrics: all, the subsets' mean, two subsets
    assert text.count('class="ceiling" x1') == 4 + 1  # and one in the legend
    assert "of people chose candidate" in text
    assert text.count("data:image/webp") % 3 == 0
    assert "data:image/webp" in text
    assert "p_holm" in text
    assert "mean of subsets" in text


def test_ratings_are_shown_as_scatter_plots_and_names_are_escaped(tmp_path: Path) -> None:
    measured = make_ratings()
    write_agreement_page(
        measured, agree(measured, resamples=200), tmp_path / "page.html", created="now", command="<b>"
    )
    text = (tmp_path / "page.html").read_text()
    assert text.count('class="dot"') == 2 * len(measured)
    assert text.count("<polyline") == 2
    assert "<one>" not in text
    assert "&lt;one&gt;" in text
    assert "lost.png: is no picture" in text
    assert "disagree most" not in text
    assert "Opinions have no standard errors" in text
    assert re.search(r"<td>0\.\d{4} \(0\.\d{4} to 0\.\d{4}\)</td>", text)


def test_intervals_are_folded_into_their_figures() -> None:
    frame = pl.DataFrame(
        {"metric": ["m"], "rows": [1200], "x": [0.5], "low": [0.25], "high": [1.0], "y": [float("nan")]}
        | {"y_low": [None], "y_high": [None], "z": [2.0], "z_low": [None], "z_high": [None]}
    )
    heads, rows = fold_intervals(frame)
    assert heads == ["metric", "rows", "x", "y", "z"]
    assert rows == [["m", "1,200", "0.5000 (0.2500 to 1.0000)", "", "2.0000"]]


def test_bars_reach_their_values() -> None:
    bars = [Bar("a", 0.75, 0.7, 0.8), Bar("b", 0.5, 0.5, float("nan")), Bar("c", float("nan"), 0, 0)]
    drawn = str(draw_bars([("part", 0.9, bars)], unit="share"))
    tops = [float(each) for each in re.findall(r'<rect x="[\d.]+" y="([\d.]+)"', drawn)]
    (ceiling,) = re.findall(r'class="ceiling"[^>]* y1="([\d.]+)"', drawn)
    lines = dict(
        re.findall(r'y="[\d.]+" text-anchor="end">([\d.]+)<', drawn)
        and re.findall(
            r'class="rule" x1="46" x2="[\d.]+" y1="([\d.]+)" y2="[\d.]+"/><text [^>]*>([\d.]+)<', drawn
        )
    )
    axis = {float(value): float(place) for place, value in lines.items()}
    (low, at_low), (high, at_high) = min(axis.items()), max(axis.items())
    expected = [at_low + (value - low) / (high - low) * (at_high - at_low) for value in (0.75, 0.5, 0.9)]
    assert [*tops, float(ceiling)] == pytest.approx(expected, abs=0.1)


def test_of_very_many_dots_some_are_drawn() -> None:
    x = np.linspace(0, 1, 9000)
    drawn = str(draw_scatter(x, x, x, across="score", up="opinion"))
    assert drawn.count("<circle") == 4500


def test_equal_values_can_be_drawn() -> None:
    ones = np.ones(3)
    assert str(draw_scatter(ones, ones, ones, across="a", up="b")).count("<circle") == 3
    assert "<rect" in str(draw_bars([("all", None, [Bar("a", 0.0, 0.0, 0.0)])], unit="u"))
