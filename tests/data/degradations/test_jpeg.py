"""Compression in memory against Pillow's files."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from beholder.data.degradations import Jpeg
from beholder.images import eight_bit
from beholder.ops.color import rgb_to_y
from beholder.spec import ShapeError, UsageError


def through_pillow(levels: np.ndarray, quality: int, subsampling: str) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(levels).save(file, "JPEG", quality=quality, subsampling=subsampling)
    return np.array(Image.open(file))


def source(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("subsampling", ["4:2:0", "4:2:2", "4:4:4"])
@pytest.mark.parametrize("quality", [1, 10, 75, 100])
def test_pixels_are_those_of_a_file(photos: Tensor, subsampling: str, quality: int) -> None:
    clean = photos[0, :, :101, :75]
    expected = through_pillow(eight_bit(clean), quality, subsampling)
    spoilt = Jpeg(quality, subsampling)(clean, source())  # type: ignore[arg-type]
    assert torch.equal(spoilt, torch.from_numpy(expected).permute(2, 0, 1) / 255)


def test_8_bit_pictures_are_taken_as_they_are(photos: Tensor) -> None:
    levels = (photos[1] * 255).round().to(torch.uint8)
    assert torch.equal(Jpeg()(levels, source()), Jpeg()(photos[1], source()))


def test_luma_alone(photos: Tensor) -> None:
    clean = photos[1]
    spoilt = Jpeg(10, channel="y")(clean, source())
    luma = np.rint(rgb_to_y(clean[None])[0, 0].numpy() * 255).astype(np.uint8)
    expected = through_pillow(luma, 10, "4:4:4")
    inside = ((spoilt > 0) & (spoilt < 1)).all(0)
    assert inside.float().mean() > 0.9
    found = rgb_to_y(spoilt[None])[0, 0] * 255
    # the picture that carries it has 256 levels, so luma is off by half of one at most
    assert (found - torch.from_numpy(expected))[inside].abs().max() <= 0.5 * 219 / 255 + 1e-3
    colours = lambda x: (x[[0, 2]] - x[1])[:, inside]
    assert (colours(spoilt) - colours(clean)).abs().max() <= 1 / 255 + 1e-6


def test_a_range_is_drawn_from_as_a_whole(photos: Tensor) -> None:
    clean, draw = photos[0, :, :80, :80], source()
    fixed = {quality: Jpeg(quality)(clean, draw) for quality in (10, 11, 12)}
    seen = []
    for _ in range(40):
        spoilt = Jpeg("10..12")(clean, draw)
        seen += [quality for quality, each in fixed.items() if torch.equal(each, spoilt)][:1]
    assert len(seen) == 40
    assert set(seen) == set(fixed)
    assert torch.equal(Jpeg("1..100")(clean, source(5)), Jpeg((1, 100))(clean, source(5)))


def test_what_is_impossible_is_refused() -> None:
    for quality in (0, 101, "ten", 10.5, "1..2..3"):
        with pytest.raises(UsageError, match=r"quality is .* whole number from 1 to 100"):
            Jpeg(quality)
    with pytest.raises(
        UsageError, match=r"quality is '10..5', which runs backwards; expected the smaller end first"
    ):
        Jpeg("10..5")
    with pytest.raises(UsageError, match="expected one of 4:2:0"):
        Jpeg(subsampling="4:1:1")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="rgb or y"):
        Jpeg(channel="grey")  # type: ignore[arg-type]
    for picture in (torch.rand(1, 3, 8, 8), torch.rand(1, 8, 8), torch.zeros(3, 8, 8, dtype=torch.int64)):
        with pytest.raises(ShapeError, match="expected"):
            Jpeg()(picture, source())


def test_a_single_pixel_is_a_picture() -> None:
    pixel = torch.tensor([0.2, 0.4, 0.6]).reshape(3, 1, 1)
    found = Jpeg(95)(pixel, torch.Generator())
    assert found.shape == (3, 1, 1)
    assert torch.allclose(found, pixel, atol=0.05)
