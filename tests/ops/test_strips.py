"""Strips of two tensors."""

import pytest
import torch

from beholder.ops.strips import in_strips, in_window_strips


@pytest.mark.parametrize(
    ("dim", "numbers", "count"), [(2, 84, 6), (2, 1, 11), (1, 10**9, 1), (1, 2 * 11 * 7, 3)]
)
def test_strips_are_the_whole(dim: int, numbers: int, count: int) -> None:
    x, y = torch.rand(2, 2, 3, 11, 7)
    strips = in_strips(x, y, dim=dim, numbers=numbers)
    assert len(strips) == count
    for side, whole in zip(zip(*strips, strict=True), (x, y), strict=True):
        assert torch.equal(torch.cat(side, dim), whole)


@pytest.mark.parametrize("height", [11, 12, 30, 57])
@pytest.mark.parametrize("numbers", [1, 7 * 13, 10**6])
def test_windows_of_strips_are_those_of_the_whole(height: int, numbers: int) -> None:
    x, y = torch.rand(2, 2, 3, height, 7)
    strips = in_window_strips(x, y, window=11, numbers=numbers)
    assert (len(strips) == 1) == (numbers > 100 or height < 22)
    for side, whole in zip(zip(*strips, strict=True), (x, y), strict=True):
        windows = torch.cat([strip.unfold(2, 11, 1) for strip in side], 2)
        assert torch.equal(windows, whole.unfold(2, 11, 1))


@pytest.mark.filterwarnings("ignore:`torch.jit.trace` is deprecated")
def test_a_traced_graph_takes_other_sizes() -> None:
    def total(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return torch.stack([(a * b).sum() for a, b in in_strips(x, y, dim=2, numbers=50)]).sum()

    with torch.no_grad():
        traced = torch.jit.trace(total, (torch.rand(1, 3, 8, 8), torch.rand(1, 3, 8, 8)))
    x, y = torch.rand(2, 2, 3, 21, 13)
    assert torch.allclose(traced(x, y), (x * y).sum())
