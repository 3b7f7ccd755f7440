"""Decoded pairs as bytes."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch
from torch import Tensor

from beholder.images import Pair
from beholder.scoring.pairs import LoadedPair
from beholder.scoring.parcels import pack, unpack

PAIR = Pair(Path("reference.png"), Path("distorted.png"))


@pytest.fixture
def fine() -> Tensor:
    """A picture that no integers hold."""
    return torch.rand(3, 9, 7, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("largest", [255, 65535, None])
def test_pictures_arrive_to_the_last_bit(fine: Tensor, largest: int | None) -> None:
    wide = fine.repeat(1, 4, 4)
    picture = wide if largest is None else (wide * largest).round() / largest
    parcel = pack([[LoadedPair(0, PAIR, picture, picture.flip(1))]])
    [[arrived]] = unpack(parcel)
    assert arrived.x is not None
    assert arrived.y is not None
    assert torch.equal(arrived.x, picture)
    assert torch.equal(arrived.y, picture.flip(1))
    samples = 2 * picture.numel()
    assert len(parcel) - samples * {255: 1, 65535: 2, None: 4}[largest] < 1_000


def test_batches_and_what_is_shared_stay(fine: Tensor) -> None:
    first = LoadedPair(
        3, PAIR, fine.flip(1), fine, notes=((PAIR.distorted, "turned upright"),), ends_block=True
    )
    second = dataclasses.replace(first, index=4, x=fine.flip(2), notes=())
    failed = LoadedPair(5, PAIR, error="found no such file")
    [[one, two], [three]] = unpack(pack([[first, second], [failed]]))
    assert one.y is two.y
    assert torch.equal(two.x, second.x)  # type: ignore[arg-type]
    bare = [dataclasses.replace(each, x=None, y=None) for each in (one, two, three)]
    assert bare == [dataclasses.replace(each, x=None, y=None) for each in (first, second, failed)]
