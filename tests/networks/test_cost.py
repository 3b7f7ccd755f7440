"""Costs, counted by hand."""

from __future__ import annotations

import pytest
import torch

from beholder.catalog import create_discriminator, create_network
from beholder.networks import count_flops, count_parameters
from beholder.spec import ShapeError, UsageError


def test_multiplications_with_additions_count_as_two() -> None:
    weights = 9 * 9 * 64 + 7 * 7 * 64 * 32 + 32 * 16 + 5 * 5 * 16
    network = create_network("ar_cnn:channels=1")
    assert count_flops(network, 30, 50) == 2 * weights * 30 * 50
    assert count_flops(network, 1, 1) == 2 * weights
    assert count_parameters(network) == weights + 64 + 32 + 16 + 1


def test_bicubic_enlarging_is_counted() -> None:
    weights = 9 * 9 * 64 + 5 * 5 * 64 * 32 + 5 * 5 * 32
    enlarging = 20 * 10 * 10 + 20 * 10 * 20  # rows, then columns, as products of matrices
    assert count_flops(create_network("srcnn:channels=1:scale=2"), 10, 10) == 2 * (
        weights * 20 * 20 + enlarging
    )


def test_folding_makes_it_four_times_cheaper() -> None:
    options = {"width": 8, "blocks": 3}
    folded = count_flops(create_network("compact", **options, unshuffle=2), 64, 64)
    plain = count_flops(create_network("compact", **options, unshuffle=1), 64, 64)
    body = 2 * 9 * 8 * 8 * 7 * 64 * 64
    ends = 2 * 9 * 2 * 3 * 8 * 64 * 64
    assert plain == body + ends
    assert folded == body // 4 + ends


def test_counting_changes_nothing() -> None:
    for network in (create_network("transform:normalisation=batch"), create_discriminator("vgg:width=4")):
        before = {name: value.clone() for name, value in network.state_dict().items()}
        assert count_flops(network, 40, 40) > 0
        assert network.training
        assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_impossible_sizes_are_refused() -> None:
    with pytest.raises(UsageError, match="height is 0; expected a whole number of at least 1"):
        count_flops(create_network("ar_cnn"), 0, 5)
    with pytest.raises(ShapeError, match="23x24; expected at least 24x24"):
        count_flops(create_discriminator("patchgan"), 24, 23)
