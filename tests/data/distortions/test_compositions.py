"""Pairs of distortions, one after the other."""

from __future__ import annotations

import hashlib
from collections import Counter

import pytest
import torch

from beholder.data.distortions import COMPOSITIONS, DISTORTIONS, read_composition
from beholder.data.drawing import random_source
from beholder.spec import UsageError


def test_there_are_308_ordered_pairs_of_two() -> None:
    pairs = [tuple(part.name for part in each.parts) for each in COMPOSITIONS]
    assert len(pairs) == len(set(pairs)) == 308
    assert all(first != second for first, second in pairs)
    assert all(name in DISTORTIONS for pair in pairs for name in pair)


def test_they_are_balanced_over_places() -> None:
    for place in (0, 1):
        counts = Counter(each.parts[place].name for each in COMPOSITIONS)
        assert Counter(counts.values()) == {15: 12, 16: 8}


def test_most_are_of_two_kinds() -> None:
    # 294 pairs are of two kinds; where all places are balanced, at least 21 of one kind are needed.
    assert sum(first.kind == second.kind for first, second in (each.parts for each in COMPOSITIONS)) == 27


def test_they_are_always_the_same() -> None:
    text = "\n".join(each.name for each in COMPOSITIONS)
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == "056391d80746d01e"


def test_parts_are_applied_in_order() -> None:
    picture = torch.rand(3, 24, 24, generator=random_source("picture"))
    draw = random_source("0")
    expected = DISTORTIONS["shift"](picture, 0.3, draw)
    expected = DISTORTIONS["pink_noise"](expected, 0.8, draw)
    assert torch.equal(
        read_composition("shift+pink_noise")(picture, (0.3, 0.8), random_source("0")), expected
    )
    other = read_composition("pink_noise+shift")(picture, (0.8, 0.3), random_source("0"))
    assert not torch.allclose(other, expected, atol=0.01)
    single = read_composition("shift")(picture, (0.3,), random_source("0"))
    assert torch.equal(single, DISTORTIONS["shift"](picture, 0.3, random_source("0")))


def test_what_is_impossible_is_refused() -> None:
    picture = torch.rand(3, 24, 24)
    with pytest.raises(UsageError, match=r"1 strengths for shift\+jpeg; expected 2"):
        read_composition("shift+jpeg")(picture, (0.5,), random_source("0"))
    with pytest.raises(UsageError, match="no distortion 'jpg'"):
        read_composition("shift+jpg")
