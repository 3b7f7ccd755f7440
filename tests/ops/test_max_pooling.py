"""Max pooling gives what torch's gives, to the bit."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from beholder.ops.lending import Lender
from beholder.ops.max_pooling import MaxPooling


@pytest.mark.parametrize(
    "module", [nn.MaxPool2d(2, 2), nn.MaxPool2d(3, 2), nn.MaxPool2d(3, 1), nn.MaxPool2d(2, 3)], ids=repr
)
@pytest.mark.parametrize(("height", "width"), [(16, 16), (3, 3), (15, 31), (4, 70), (33, 5)])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_pooling_is_as_torch_does_it(
    module: nn.MaxPool2d, height: int, width: int, layout: torch.memory_format
) -> None:
    x = torch.randn(3, 5, height, width, generator=torch.Generator().manual_seed(0))
    x[0, 1, 1, 1] = float("nan")
    x[1, 2, 0, 2] = float("inf")
    expected = module(x)
    found = MaxPooling(module, Lender())(x.contiguous(memory_format=layout))
    assert torch.equal(found.nan_to_num(9.0), expected.nan_to_num(9.0))
    assert torch.equal(found.isnan(), expected.isnan())


def test_a_side_smaller_than_the_window_is_refused() -> None:
    module = nn.MaxPool2d(3, 2)
    for size in ((2, 9), (9, 1)):
        with pytest.raises(RuntimeError):
            module(torch.zeros(1, 4, *size))
        with pytest.raises(RuntimeError, match="smaller than the window of 3"):
            MaxPooling(module, Lender())(torch.zeros(1, 4, *size))


@pytest.mark.parametrize(
    "module",
    [
        nn.MaxPool2d(3, 2, padding=1),
        nn.MaxPool2d(3, 2, dilation=2),
        nn.MaxPool2d(3, 2, ceil_mode=True),
        nn.MaxPool2d(2, 2, return_indices=True),
        nn.MaxPool2d((2, 3), 2),
        nn.MaxPool2d(2, (2, 1)),
        nn.MaxPool2d(1, 1),
        nn.AvgPool2d(2),
    ],
    ids=repr,
)
def test_other_pooling_does_not_fit(module: nn.Module) -> None:
    assert not MaxPooling.fits(module)
    assert MaxPooling.fits(nn.MaxPool2d(2, 2))
