"""What the page of a comparison holds."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from torch import Tensor

from beholder.reports.compare_findings import Findings
from beholder.reports.compare_page import write_compare_page
from beholder.reports.restored_page import Restorations
from reports.comparisons import make_findings, make_pictures
from reports.policies import check_policy
from reports.test_restored_page import embedded, words


def written(findings: Findings, pictures: Restorations, folder: Path, **options: Any) -> str:
    given = {
        "told": {"originals": "photos"},
        "created": "2026-11-21T23:59:00+00:00",
        "command": "beholder compare",
    }
    write_compare_page(findings, pictures, folder / "page.html", **given | options)
    return (folder / "page.html").read_text(encoding="utf-8")


def data_of(page: str) -> Any:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return json.loads(found[1])


def test_numbers_and_pictures_are_on_the_page(photos: Tensor, tmp_path: Path) -> None:
    findings = make_findings(pictures=3)
    page = written(findings, make_pictures(findings, photos[0][:, :32, :48]), tmp_path)
    shown = words(page)
    assert "3 pictures are too few to tell candidates apart" in shown
    assert "psnr, dB ↑ lpips_alex ↓ one" in shown
    assert "three beats" not in shown
    assert "Better lies to the right and up." in shown
    assert page.count('class="spot candidate"') == 3
    assert "48 × 32 pixels. What is smaller is enlarged 2 times" in shown
    assert 'data-width="48" data-height="32"' in page
    assert page.count('<img src="data:image/webp;base64,') == 3 * 5
    data = data_of(page)
    assert data["metrics"] == [{"name": "psnr", "sign": 1}, {"name": "lpips_alex", "sign": -1}]
    assert data["scores"]["psnr"] == findings.measured["psnr"].scores.tolist()


def test_the_best_score_of_a_picture_is_bold_and_the_input_has_none(photos: Tensor, tmp_path: Path) -> None:
    findings = make_findings(pictures=1)
    page = written(findings, make_pictures(findings, photos[0][:, :32, :48]), tmp_path)
    tiles = re.findall(r'alt="(\w+)".*?<dl class="scores">(.*?)</dl>', page, re.DOTALL)
    bold = {name: re.findall(r'<div class="best"><dt>(\w+)</dt>', told) for name, told in tiles}
    assert bold["three"][:1] == ["psnr"]
    assert sorted(bold["one"] + bold["two"] + bold["three"]) == ["lpips_alex", "psnr"]
    assert dict(tiles)["reference"] == dict(tiles)["input"] == ""


def test_what_has_no_room_is_told(photos: Tensor, tmp_path: Path) -> None:
    findings = make_findings()
    pictures = make_pictures(findings, photos[0][:, :32, :48])
    small = Restorations(budget=sum(len(uri) for _, uri in pictures.shown[0].versions) * 5 // 2)
    small.shown, small.left_out = pictures.shown[:2], [each.name for each in pictures.shown[2:]]
    page = written(findings, small, tmp_path)
    assert "2 of 12 pictures are shown" in words(page)
    assert '<a href="#picture-0">p0</a>' in page
    assert '">p5</a>' not in page
    assert page.count('class="row"') == 2


def test_hostile_names_stay_names_and_nothing_is_fetched(photos: Tensor, tmp_path: Path) -> None:
    hostile = "</script><script>alert(1)</script>\"'"
    findings = make_findings(pictures=2, candidates=(hostile, "b"))
    pictures = make_pictures(findings, photos[0][:, :16, :16])
    page = written(findings, pictures, tmp_path, told={hostile: hostile}, command=hostile)
    assert "<script>alert" not in page
    assert page.count("<script") == page.count("</script") == 2
    assert data_of(page)["candidates"] == [hostile, "b"]
    check_policy(page)
    assert not re.search(r"(src|href)=\"(?!data:|#)", page)
    assert len(embedded(page)) == 8


def test_no_picture_left(tmp_path: Path) -> None:
    findings = make_findings(pictures=1)
    empty = Findings(findings.candidates, None, {}, {"p0": "one: broken"}, {}, ())
    page = written(empty, Restorations(), tmp_path)
    assert "Left out for all candidates p0: one: broken" in words(page)
