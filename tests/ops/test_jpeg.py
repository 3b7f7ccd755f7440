"""The differentiable JPEG against libjpeg, and against its formula."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import fft
from torch import Tensor

from beholder.data.photos import PHOTOS
from beholder.images import eight_bit
from beholder.ops.jpeg import jpeg, quantisation_tables
from beholder.spec import ShapeError, UsageError


def save(picture: Tensor, quality: int) -> Image.Image:
    file = io.BytesIO()
    Image.fromarray(eight_bit(picture)).save(file, "JPEG", quality=quality, subsampling="4:2:0")
    return Image.open(file)


@pytest.mark.parametrize("quality", [1, 5, 10, 49, 50, 51, 95, 100])
def test_tables_are_those_in_files(quality: int) -> None:
    tables = save(torch.zeros(3, 16, 16), quality).quantization  # type: ignore[attr-defined]
    found = quantisation_tables(quality, torch.empty(0))
    for index in (0, 1):
        assert found[index].flatten().tolist() == list(tables[index])


@pytest.mark.parametrize("quality", [5, 10, 50, 95])
@pytest.mark.parametrize("photo", PHOTOS[:3], ids=lambda photo: photo.name)
def test_hard_rounding_agrees_with_libjpeg(photo: object, quality: int) -> None:
    picture = photo.detail(256)[:, :201, :182]  # type: ignore[attr-defined]
    expected = np.asarray(save(picture, quality)).transpose(2, 0, 1) / 255
    found = jpeg(picture[None], quality, hard=True)[0].numpy()
    assert np.abs(found - expected).mean() * 255 < 0.75
    if quality >= 50:  # below, a flat block that rounds the other way is a large step
        assert np.abs((found - expected).mean((1, 2))).max() * 255 < 0.3  # no channel is shifted


def test_soft_rounding_is_its_formula() -> None:
    grey = torch.rand(16, 16, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 0.5 + 0.25
    table = quantisation_tables(30, grey)[0].numpy()
    expected = np.empty((16, 16))
    for top, left in np.ndindex(2, 2):
        place = np.s_[8 * top : 8 * top + 8, 8 * left : 8 * left + 8]
        scaled = fft.dctn(grey.numpy()[place] * 255 - 128, norm="ortho") / table
        soft = np.round(scaled) + (scaled - np.round(scaled)) ** 3
        expected[place] = (fft.idctn(soft * table, norm="ortho") + 128) / 255
    found = jpeg(grey.expand(1, 3, 16, 16), 30)
    assert np.allclose(found[0].numpy(), expected.clip(0, 1), atol=1e-9)


def test_gradients_are_true() -> None:
    x = torch.rand(1, 3, 16, 12, dtype=torch.float64, generator=torch.Generator().manual_seed(1)) * 0.4 + 0.3
    x.requires_grad_()
    assert torch.autograd.gradcheck(lambda x: jpeg(x, 60), x, eps=1e-7, atol=1e-4)
    assert torch.autograd.grad(jpeg(x, 60).sum(), x)[0].abs().max() > 0.01


def test_what_cannot_be_compressed_is_refused() -> None:
    with pytest.raises(ShapeError, match="expected"):
        jpeg(torch.rand(3, 16, 16), 10)
    for quality in (0, 101, 10.0, True):
        with pytest.raises(UsageError, match="from 1 to 100"):
            jpeg(torch.rand(1, 3, 16, 16), quality)  # type: ignore[arg-type]
