"""JPEG."""

from __future__ import annotations

import torch

from beholder.data.degradations import Jpeg
from beholder.data.distortions import DISTORTIONS
from beholder.data.distortions.compression.jpeg import quality_of
from beholder.data.drawing import random_source
from beholder.data.photos import PHOTOS


def test_qualities_fall_from_100_to_5() -> None:
    found = [quality_of(strength / 10) for strength in range(11)]
    assert found == [100, 74, 55, 41, 30, 22, 17, 12, 9, 7, 5]


def test_it_is_the_degradation() -> None:
    picture = PHOTOS[2].detail(50)
    made = DISTORTIONS["jpeg"](picture, 0.5, random_source("0"))
    assert torch.equal(made, Jpeg(22)(picture, random_source("0")))
    assert torch.equal(DISTORTIONS["jpeg"](picture, 0, random_source("0")), picture)
