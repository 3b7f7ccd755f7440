"""Pictures that are left as they are."""

from __future__ import annotations

import pytest
import torch

from beholder.catalog import create_degradation
from beholder.data.photos import PHOTOS
from beholder.spec import ShapeError


def test_the_picture_comes_out() -> None:
    picture = PHOTOS[1].detail(24)[:, :, :17]
    levels = (picture * 255).round().to(torch.uint8)
    leave = create_degradation("none")
    assert torch.equal(leave(picture, torch.Generator()), picture)
    assert torch.equal(leave(levels, torch.Generator()), levels.float() / 255)
    with pytest.raises(ShapeError, match=r"expected \(3, H, W\)"):
        leave(picture[:1], torch.Generator())
