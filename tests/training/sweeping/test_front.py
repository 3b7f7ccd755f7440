"""The front between two measures, its knee, and what is said of them."""

from __future__ import annotations

import pytest

from beholder.training.sweeping.front import Axis, Point, beats, find_front, find_knee, recommend

AXES = (Axis("psnr", higher=True, unit="dB"), Axis("lpips_alex", higher=False))


def point(name: str, psnr: float, lpips: float, *, named: bool = False) -> Point:
    return Point(name, (psnr, lpips), (f"loss.weights.features={name}",), is_named=named)


BEND = [point("1", 27.0, 0.30), point("2", 26.8, 0.22), point("3", 26.0, 0.20), point("4", 26.5, 0.28)]


@pytest.mark.parametrize(
    ("scores", "others", "expected"),
    [
        ((27, 0.2), (26, 0.3), True),
        ((27, 0.3), (26, 0.3), True),
        ((27, 0.3), (27, 0.3), False),
        ((27, 0.4), (26, 0.3), False),
        ((26, 0.3), (27, 0.2), False),
    ],
)
def test_beating_is_better_in_one_and_worse_in_none(scores, others, expected) -> None:
    assert beats(scores, others, AXES) is expected


def test_the_front_leaves_out_what_is_beaten() -> None:
    assert [each.name for each in find_front(BEND, AXES)] == ["1", "2", "3"]
    upside_down = (Axis("psnr", higher=False), Axis("lpips_alex", higher=True))
    assert [each.name for each in find_front(BEND, upside_down)] == ["3", "4", "1"]


def test_the_knee_lies_furthest_out() -> None:
    knee = find_knee(find_front(BEND, AXES), AXES)
    assert knee is not None
    assert knee.name == "2"
    straight = [point("1", 27.0, 0.3), point("2", 26.5, 0.25), point("3", 26.0, 0.2)]
    assert find_knee(straight, AXES) is None
    inwards = [point("1", 27.0, 0.3), point("2", 26.2, 0.29), point("3", 26.0, 0.2)]
    assert find_knee(inwards, AXES) is None
    assert find_knee(straight[:2], AXES) is None


def test_a_knee_is_told_by_what_it_costs_and_buys() -> None:
    by_hand = point("by hand", 26.7, 0.25, named=True)
    chosen, words = recommend([*BEND, by_hand], AXES)
    assert chosen == BEND[1]
    assert words[0].startswith("The knee: 0.20 dB of psnr for 27% of lpips_alex.")
    assert "0.80 dB of psnr for lpips_alex 0.2 in place of 0.22" in words[1]
    assert words[2] == "It is 0.10 dB better in psnr and 0.03 better in lpips_alex than “by hand”."


def test_a_given_point_that_is_not_beaten_is_told() -> None:
    on_it = point("by hand", 26.9, 0.27, named=True)
    assert "No point beats “by hand” in both: it lies on the front." in recommend([*BEND, on_it], AXES)[1][-1]
    beaten_by_another = point("by hand", 26.95, 0.31, named=True)
    told = recommend([*BEND, beaten_by_another], AXES)[1][-1]
    assert told == (
        "Against “by hand” it is 0.15 dB worse in psnr and 0.09 better in lpips_alex. Better in both is trial 1 "
        "(loss.weights.features=1): 0.05 dB better in psnr and 0.01 better in lpips_alex."
    )


def test_few_points_have_no_knee() -> None:
    assert recommend([], AXES) == (None, ["No trial has ended with scores."])
    chosen, words = recommend([point("1", 27, 0.2), point("2", 26, 0.3)], AXES)
    assert chosen is not None
    assert chosen.name == "1"
    assert words == ["No other point is better in either measure: trial 1 (loss.weights.features=1)."]
    chosen, words = recommend([point("1", 27, 0.3), point("2", 26, 0.2)], AXES)
    assert chosen is not None
    assert chosen.name == "1"
    assert "has 2 points and no knee" in words[0]


def test_what_was_tried_more_than_once_is_one_point() -> None:
    """A search over few values comes back to them."""
    same = [point(name, 27, 0.2) for name in "123"]
    assert find_knee(same, AXES) is None
    assert recommend(same, AXES)[1] == [
        "No other point is better in either measure: trial 1 (loss.weights.features=1)."
    ]
    assert "has 2 points and no knee" in recommend([*same, point("4", 26, 0.1)], AXES)[1][0]


def test_a_measure_that_is_0_has_no_share_to_tell() -> None:
    front = [point("1", 27.0, 0.0), point("2", 26.9, -0.5), point("3", 26.0, -0.6)]
    assert recommend(front, AXES)[1][0].startswith("The knee: 0.10 dB of psnr for 0.5 of lpips_alex.")
