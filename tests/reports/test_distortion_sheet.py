"""All distortions on one sheet."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from beholder.data.photos import PHOTOS
from beholder.reports.distortion_sheet import draw_sheet, save_sheet
from beholder.spec import ShapeError, UsageError


def test_each_row_begins_with_the_picture_and_ends_in_another() -> None:
    picture = PHOTOS[0].detail(24)
    sheet = np.asarray(draw_sheet(picture, size=20, strengths=(0.5, 1)))
    middle = (picture[:, 2:22, 2:22].permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)
    windows = np.lib.stride_tricks.sliding_window_view(sheet, (20, 20, 3))[:, :, 0]
    found = (windows == middle).all((2, 3, 4))
    assert found.sum() == 20


def test_what_is_impossible_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ShapeError, match="the picture is 20x16; expected at least 64"):
        draw_sheet(torch.rand(3, 16, 20), size=64)
    with pytest.raises(UsageError, match="at least 16"):
        draw_sheet(torch.rand(3, 16, 20), size=8)
    with pytest.raises(UsageError, match=r"the ending '\.gif' is unknown"):
        save_sheet(Image.new("RGB", (4, 4)), tmp_path / "sheet.gif")


@pytest.mark.parametrize("ending", [".png", ".webp", ".jpg"])
def test_formats(ending: str, tmp_path: Path) -> None:
    save_sheet(Image.new("RGB", (40, 40), "red"), tmp_path / f"sheet{ending}")
    with Image.open(tmp_path / f"sheet{ending}") as sheet:
        assert sheet.format == {".png": "PNG", ".webp": "WEBP", ".jpg": "JPEG"}[ending]
