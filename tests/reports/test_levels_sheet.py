"""References beside their versions of growing strength."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from beholder.data.distortions import Levels
from beholder.data.packs import open_pack
from beholder.data.photos import PHOTOS
from beholder.images import save_picture
from beholder.reports.levels_sheet import draw_levels


@pytest.mark.parametrize("size", [20, 60])
def test_each_row_is_a_reference_and_its_versions(
    size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BEHOLDER_CACHE", str(tmp_path / "cache"))
    save_picture(PHOTOS[0].detail(80), tmp_path / "photo.png")
    levels = Levels(open_pack([tmp_path / "photo.png"]), "shift", (0.5, 0.75, 1), count=8, size=size)
    sheet = np.asarray(draw_levels(levels))
    across = max(size, 44) + 2
    assert sheet.shape == (20 + 6 * (size + 2), 4 * across, 3)
    for row in (0, 5):
        for column, strength in enumerate((0, 0.5, 0.75, 1)):
            pixels = levels.distort(row, strength) if strength else levels.reference(row)
            top, left = 20 + row * (size + 2), column * across
            shown = sheet[top : top + size, left : left + size]
            assert (shown == pixels.permute(1, 2, 0).numpy()).all()
