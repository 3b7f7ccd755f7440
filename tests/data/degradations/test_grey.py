"""Loss of colour."""

from __future__ import annotations

import torch
from torch import Tensor

from beholder.data.degradations import Grey


def test_luma_in_three_channels(photos: Tensor) -> None:
    clean = photos[0]
    grey = Grey()(clean, torch.Generator())
    assert torch.equal(grey[0], grey[1])
    assert torch.equal(grey[0], grey[2])
    luma = 0.299 * clean[0].double() + 0.587 * clean[1].double() + 0.114 * clean[2].double()
    assert (grey[0] * 255 - luma * 255).abs().max() < 0.52  # rounded to 256 levels
    assert torch.equal((grey * 255).round() / 255, grey)
