"""What the room keeps out, and how it refuses bad columns."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from beholder.judgements import agreements, mean_interval, pearson
from beholder.judgements.groups import group_sums, number_groups
from beholder.spec import UsageError


def test_neither_torch_nor_other_rooms_are_loaded() -> None:
    code = (
        "import sys, beholder.judgements as room; loaded = set(sys.modules); assert 'torch' not in loaded; "
        "print(sorted(n for n in loaded if n.startswith('beholder.') and not n.startswith(room.__name__)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "['beholder.spec']"


@pytest.mark.parametrize(
    ("d0", "d1", "judge", "message"),
    [
        ([1, 2], [1], [0, 1], "d1 has 1 rows and d0 has 2"),
        ([], [], [], "d0 has 0 rows; expected at least 1"),
        ([1, np.nan], [1, 2], [0, 1], "d0 is nan in row 1"),
        ([1, 2], [np.inf, 2], [0, 1], "d1 is inf in row 0"),
        ([[1], [2]], [1, 2], [0, 1], r"d0 has the shape \(2, 1\)"),
        (["a", "b"], [1, 2], [0, 1], "d0 cannot be read as numbers"),
        ([1, None], [1, 2], [0, 1], "d0 "),
        ([1, 2], [1, 2], [0, 1.2], "judge is 1.2 in row 1; expected shares"),
        ([1, 2], [1, 2], [-0.1, 1], "judge is -0.1 in row 0"),
    ],
)
def test_bad_columns_are_named(d0: Any, d1: Any, judge: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        agreements(d0, d1, judge)


def test_whole_numbers_booleans_and_objects_are_numbers() -> None:
    assert pearson([1, 2, 3], np.array([2, 4, 6], dtype=object)) == pytest.approx(1)
    assert agreements([1], [2], [False]).tolist() == [1]


def test_groups_are_numbered_by_their_labels() -> None:
    numbers, count = number_groups(["b", "a", "b", "c"], 4)
    assert (numbers.tolist(), count) == ([1, 0, 1, 2], 3)
    sums, sizes = group_sums(np.array([1.0, 2, 3, 4]), numbers, count)
    assert (sums.tolist(), sizes.tolist()) == ([2, 4, 4], [1, 2, 1])


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ([1, 2], "groups has the shape (2,); expected the label of a group for each of 3 rows"),
        ([1, 1, 1], "groups has 1 different labels; expected at least 2"),
        ([1.0, np.nan, 2.0], "without a label"),
        (np.array(["a", None, "b"], dtype=object), "labels of several kinds"),
    ],
)
def test_bad_groups_are_told(groups: Any, message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        mean_interval([1, 2, 3], groups)
