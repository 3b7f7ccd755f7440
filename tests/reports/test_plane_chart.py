"""The plane of two measures: where dots, lines and labels lie."""

from __future__ import annotations

import itertools
import math
import re
from xml.etree import ElementTree as ET

import pytest

from beholder.judgements import Interval
from beholder.reports.plane_chart import Measure, Spot, Trace, draw_plane

PSNR, LPIPS = Measure("psnr", higher=True, unit="dB"), Measure("lpips_alex", higher=False)


def drawn(spots: list[Spot], traces: list[Trace], across: Measure = PSNR, up: Measure = LPIPS) -> ET.Element:
    return ET.fromstring(draw_plane(spots, traces, across, up, told="two measures"))


def dots(picture: ET.Element) -> list[tuple[float, float]]:
    return [(float(each.attrib["cx"]), float(each.attrib["cy"])) for each in picture.iter("circle")]


@pytest.mark.parametrize(("across", "up"), list(itertools.product((PSNR, LPIPS), repeat=2)))
def test_better_lies_to_the_right_and_up(across: Measure, up: Measure) -> None:
    better = (1.0 if across.higher else -1.0, 1.0 if up.higher else -1.0)
    (left, low), (right, high) = dots(
        drawn([Spot((0.0, 0.0), "trial", "worse"), Spot(better, "chosen", "better")], [], across, up)
    )
    assert right > left
    assert high < low  # rows are counted from the top


def test_axes_lines_and_titles() -> None:
    spots = [Spot((27, 0.3), "front", "one & only"), Spot((26, 0.2), "named", "other", "by hand")]
    picture = drawn(spots, [Trace([spot.scores for spot in spots], "front", "the front")])
    assert picture.attrib["aria-label"] == "two measures"
    text = [each.text for each in picture.iter("text")]
    assert {"psnr, dB, higher is better", "lpips_alex, lower is better", "by hand"} <= set(text)
    assert [each.text for each in picture.iter("title")] == ["the front", "one & only", "other"]
    (line,) = picture.iter("polyline")
    ends = [tuple(map(float, place.split(","))) for place in line.attrib["points"].split()]
    assert ends == dots(picture)


def test_intervals_are_lines_through_the_dot_and_on_the_plane() -> None:
    known = (Interval(estimate=26, low=20, high=33), Interval(estimate=0.2, low=0.1, high=0.4))
    unknown = (Interval(estimate=25, low=math.nan, high=math.nan),) * 2
    picture = drawn(
        [
            Spot((26, 0.2), "candidate", "one", "one", "#112233", known),
            Spot((25, 25), "candidate", "two", "two", "#445566", unknown),
        ],
        [],
    )
    (column, row), _ = dots(picture)
    across, up = (
        [float(each.attrib[end]) for end in ("x1", "x2", "y1", "y2")]
        for each in picture.iter("line")
        if each.attrib.get("stroke") == "#112233"
    )
    assert across[0] < column < across[1]
    assert across[2:] == [row, row]
    assert up[:2] == [column, column]
    assert min(up[2:]) < row < max(up[2:])
    assert all(0 <= end <= float(picture.attrib["width"]) for end in across[:2])
    assert not [each for each in picture.iter("line") if each.attrib.get("stroke") == "#445566"]


def test_labels_lie_over_no_dot_and_no_other_label() -> None:
    many = [Spot((place % 4 / 50, place / 400), "named", "", f"network {place}") for place in range(12)]
    picture = drawn([*many, Spot((3, 3), "trial", "")], [])
    labels = [each for each in picture.iter("text") if each.attrib.get("class") == "label"]
    assert 2 < len(labels) <= 12  # what finds no room is left out
    taken = [
        (float(each.attrib["x"]), float(each.attrib["y"]), 6.5 * len(each.text or "")) for each in labels
    ]
    for (left, line, width), (other, below, wide) in itertools.combinations(taken, 2):
        assert abs(line - below) >= 14 or left + width <= other or other + wide <= left
    for (left, line, width), (column, row) in itertools.product(taken, dots(picture)):
        assert abs(line - row - 4) >= 14 or left + width <= column or column <= left
    assert re.fullmatch(r"network \d+", labels[0].text or "")
