"""Colours given from one picture to another, against scikit-image, which sorts all values."""

from __future__ import annotations

import pytest
import torch
from skimage import color, exposure
from torch import Tensor

from beholder.data.photos import PHOTOS
from beholder.training import matching
from beholder.training.matching import Space, match_histograms


def eight_bit(picture: Tensor) -> Tensor:
    return (picture * 255).round().to(torch.uint8)


@pytest.mark.parametrize("space", ["rgb", "lab"])
def test_it_is_scikit_images(space: Space, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "_STRIP", 1000)  # pixels: many strips, the last one not full
    source, reference = eight_bit(PHOTOS[0].detail(90)), eight_bit(PHOTOS[2].detail(120))
    x, y = (picture.permute(1, 2, 0).double().numpy() / 255 for picture in (source, reference))
    if space == "lab":
        x, y = color.rgb2lab(x), color.rgb2lab(y)
    expected = exposure.match_histograms(x, y, channel_axis=-1)
    if space == "lab":
        expected = color.lab2rgb(expected)
    found = match_histograms(source, reference, space)
    assert found.dtype == torch.uint8
    # Half a level by rounding; the steps of 1/1024 in CIELAB add less than another half.
    assert (found.permute(1, 2, 0) - torch.from_numpy(expected) * 255).abs().max() <= (
        1.0 if space == "lab" else 0.5
    )


def test_its_own_colours_change_nothing() -> None:
    source = eight_bit(PHOTOS[1].detail(64))
    assert torch.equal(match_histograms(source, source, "rgb"), source)
    assert (match_histograms(source, source, "lab").int() - source.int()).abs().max() <= 1
