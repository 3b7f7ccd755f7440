"""One degradation after another."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from beholder.data.degradations import Grey, InOrder, Jpeg, Noise, Shrink
from beholder.spec import UsageError


def test_each_takes_the_result_of_the_one_before(photos: Tensor) -> None:
    both = InOrder((Shrink(2), InOrder((Noise("0..0.1"), Jpeg("10..90")))))
    draw = torch.Generator().manual_seed(4)
    expected = Jpeg("10..90")(Noise("0..0.1")(Shrink(2)(photos[0], draw), draw), draw)
    assert torch.equal(both(photos[0], torch.Generator().manual_seed(4)), expected)
    assert [type(step) for step in both.steps] == [Shrink, Noise, Jpeg]


def test_scales_multiply() -> None:
    assert InOrder((Shrink(2), Grey(), Shrink(3))).scale == 6


def test_nothing_is_refused() -> None:
    with pytest.raises(UsageError, match="at least one"):
        InOrder(())
