"""What the page of restored pictures holds."""

from __future__ import annotations

import base64
import io
import re
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from beholder.images import eight_bit
from beholder.reports.gains import Gains, gain_table
from beholder.reports.restored_page import Restorations, write_restored_page
from beholder.spec import ShapeError
from reports.policies import check_policy

TOLD = {"model": "deblock", "network": "compact"}
GAINS = Gains(
    [("psnr", "dB", "higher"), ("lpips_alex", "1", "lower")],
    [("input", [25.728, 0.3226]), ("features", [25.708, 0.27008])],
)


def noise(height: int, width: int, seed: int = 0) -> Tensor:
    return torch.rand(3, height, width, generator=torch.Generator().manual_seed(seed))


def written(restorations: Restorations, folder: Path, **options: Any) -> str:
    given = {"told": TOLD, "created": "2026-11-21T23:59:00+00:00", "command": "beholder restore a b"}
    write_restored_page(restorations, folder / "page.html", **given | options)
    return (folder / "page.html").read_text(encoding="utf-8")


def embedded(page: str) -> list[np.ndarray]:
    found = re.findall(r'<img src="data:image/webp;base64,([^"]+)"', page)
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(each))).convert("RGB")) for each in found]


def words(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.partition("<body>")[2])).split())


def test_pictures_are_embedded_without_loss(tmp_path: Path) -> None:
    restorations = Restorations()
    before, after = noise(20, 30), (noise(40, 60, 1) * 255).to(torch.uint8)
    restorations.add("one.png", {"Before": before, "After": after}, ["a note"])
    page = written(restorations, tmp_path)
    pixels = embedded(page)
    np.testing.assert_array_equal(pixels[0], eight_bit(before))
    np.testing.assert_array_equal(pixels[1], eight_bit(after))
    shown = words(page)
    assert "Pictures 1 Restored 21 November 2026, 23:59 UTC" in shown
    assert "one.png 30 × 20 pixels, restored to 60 × 40." in shown
    assert "enlarged 2 times without smoothing (nearest neighbour)" in shown
    assert "a note" in shown
    assert "model deblock network compact command beholder restore a b" in shown
    assert 'data-width="60" data-height="40"' in page


def test_of_a_large_picture_the_middle_is_shown(tmp_path: Path) -> None:
    restorations = Restorations()
    before = torch.linspace(0, 1, 800).expand(3, 500, 800)
    after = before.repeat_interleave(2, 1).repeat_interleave(2, 2)
    restorations.add("large.png", {"Before": before, "After": after})
    page = written(restorations, tmp_path)
    assert "800 × 500 pixels, restored to 1,600 × 1,000; shown is the middle, 1,200 × 900." in words(page)
    small, large = embedded(page)
    np.testing.assert_array_equal(small, eight_bit(before[:, 25:475, 100:700]))
    np.testing.assert_array_equal(large, small.repeat(2, 0).repeat(2, 1))


def test_the_budget_ends_the_page(tmp_path: Path) -> None:
    def filled(budget: int) -> Restorations:
        restorations = Restorations(budget=budget)
        for place in range(4):
            restorations.add(f"{place}.png", {"Before": noise(32, 32, place), "After": noise(32, 32, 9)})
        return restorations

    whole = written(filled(10**6), tmp_path)
    size = sum(map(len, re.findall(r"data:image[^\"]+", whole)))
    assert "budget" not in words(whole)
    page = written(filled(size * 5 // 8), tmp_path)
    assert len(embedded(page)) == 4
    assert "Pictures 4" in words(page)
    assert "embedded for the first 2 of 4: the page's budget for pictures is 0.0" in words(page)


def test_sizes_must_be_multiples() -> None:
    with pytest.raises(ShapeError, match=r"'After' is 31x20 pixels; expected a multiple of .* 30x20"):
        Restorations().add("x", {"Before": noise(20, 30), "After": noise(20, 31)})


def test_hostile_strings_stay_strings_and_nothing_is_fetched(tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script>\"'"
    restorations = Restorations()
    restorations.add(hostile, {hostile: noise(8, 8), "b": noise(8, 8), "c": noise(8, 8)}, [hostile])
    restorations.failed.append(hostile)
    page = written(restorations, tmp_path, title=hostile, told={hostile: hostile}, command=hostile)
    assert "<script>alert" not in page
    assert page.count("<script") == page.count("</script") == 1
    assert "Failed 1" in words(page)
    check_policy(page)
    assert not re.search(r"(src|href)=\"(?!data:)", page)


def test_gains_on_the_page_and_in_the_terminal(tmp_path: Path) -> None:
    page = written(Restorations(), tmp_path, gains=GAINS, beside={"All scores": "a report.html"})
    assert "psnr, dB ↑ lpips_alex ↓ input 25.73 0.3226 features 25.71 −0.02 0.2701 −0.0525" in words(page)
    assert '<a href="a%20report.html">All scores</a>' in page
    columns = [list(column.cells) for column in gain_table(GAINS).columns]
    assert columns[0] == ["input", "features"]
    assert [cell.split() for cell in columns[1]] == [["25.73"], ["25.71", "(−0.02)"]]
