import math

import pytest

from beholder.reports.timeline import draw_timeline


def test_a_line_from_corner_to_corner() -> None:
    line = draw_timeline([0.0, 1.0, 2.0], [1.0, 2.0, 3.0])
    assert line is not None
    assert line.path == "M0.0 100.00L500.0 50.00L1000.0 0.00"
    assert (line.low, line.high, line.start, line.end) == (1, 3, 0, 2)


def test_a_frame_without_a_score_breaks_the_line() -> None:
    line = draw_timeline([0.0, 1.0, 2.0, 3.0], [1.0, None, math.inf, 3.0])
    assert line is not None
    assert line.path == "M0.0 100.00M1000.0 0.00"


def test_no_outlier_is_lost_among_many_frames() -> None:
    scores: list[float | None] = [0.5] * 20_000
    scores[12_345] = 0.1
    line = draw_timeline([place / 25 for place in range(20_000)], scores)
    assert line is not None
    assert line.path.count("L") < 1100
    assert " 100.00" in line.path
    assert line.low == pytest.approx(0.1)


def test_nothing_to_draw() -> None:
    assert draw_timeline([0.0], [1.0]) is None
    assert draw_timeline([0.0, 1.0], [None, 1.0]) is None
