"""Wavelet bands."""

from __future__ import annotations

import pytest
import torch

from beholder.ops.wavelets import split_bands

LOW = torch.tensor([1 + 3**0.5, 3 + 3**0.5, 3 - 3**0.5, 1 - 3**0.5], dtype=torch.float64) / (4 * 2**0.5)


@pytest.mark.parametrize(("size", "mirrored"), [(6, [1, 0, 1, 2, 3, 4, 5, 5]), (5, [1, 0, 1, 2, 3, 4, 4, 3])])
def test_borders_by_hand(size: int, mirrored: list[int]) -> None:
    row = torch.rand(size, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    low, bands = split_bands(row.expand(1, 1, 8, -1))
    extended = row[mirrored]
    expected = torch.stack([(extended[2 * i : 2 * i + 4] * LOW).sum() for i in range((size + 1) // 2)])
    # Along the columns nothing changes: low passes times sqrt(2), high is 0.
    assert torch.allclose(low[0, 0], 2**0.5 * expected.expand(4, -1))
    assert bands[:, [0, 2]].abs().max() < 1e-12
    assert bands.shape == (1, 3, 4, (size + 1) // 2)


def test_bands_know_their_direction() -> None:
    stripes = (torch.arange(16) % 2).double()
    _, across = split_bands(stripes.expand(1, 1, 16, -1))
    _, down = split_bands(stripes.view(-1, 1).expand(1, 1, -1, 16))
    assert across.abs().mean((0, 2, 3)).argmax() == 1, "vertical stripes are high along the rows"
    assert down.abs().mean((0, 2, 3)).argmax() == 0, "horizontal stripes are high along the columns"
