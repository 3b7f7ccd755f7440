"""What the page holds, before any browser looks at it."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import re
import sys
from html import unescape
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from beholder.reports import summary_table, write_score_page
from beholder.reports.folders import common_folder
from beholder.scoring import as_text
from reports.demo import make_table
from reports.policies import check_policy

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from beholder.scoring import ScoreTable

HOSTILE = "<script>alert(1)</script>.png"


def written(table: ScoreTable, folder: Path, **options: Any) -> str:
    write_score_page(table, folder / "report.html", **options)
    return (folder / "report.html").read_text(encoding="utf-8")


def page_data(page: str) -> dict[str, Any]:
    block = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert block is not None
    return json.loads(block[1])


def words(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.partition("<body>")[2])).split())


def noise(path: Path, seed: int, side: int = 32) -> str:
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return str(path)


def noise_table(folder: Path, scores: Sequence[float | None]) -> ScoreTable:
    reference = noise(folder / "reference.png", 0)
    rows = [
        (reference, noise(folder / f"{row}.png", row + 1), [score, 0.5, 30.0], None if score is not None else "failed")
        for row, score in enumerate(scores)
    ]  # fmt: skip
    return make_table(rows)


def test_hostile_strings_stay_strings(tmp_path: Path) -> None:
    name, error = f"/p/{HOSTILE}", "</script><img src=x onerror=alert(2)> \u2028 & \u2029"
    table = make_table([(name, f"/p/a-{HOSTILE}", [None, None, None], error)])
    table.provenance["command"] = f"beholder score '{HOSTILE}'"
    table.provenance["warnings"] = [HOSTILE]
    table.provenance["note<b>"] = HOSTILE
    page = written(table, tmp_path)
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "<b>" not in page.replace("<b>lpips", "").replace("<b>ssim", "").replace("<b>psnr", "")
    assert "\u2028" not in page
    assert "\u2029" not in page
    data = page_data(page)
    assert data["errors"] == [error]
    assert data["folders"]["reference"] + data["names"]["reference"][0] == name
    assert data["provenance"] == table.provenance
    assert page.count("<script") == page.count("</script") == 2


def test_names_that_utf_8_cannot_hold_do_not_stop_the_page(tmp_path: Path) -> None:
    table = make_table([("/p/a.png", "/p/b.png", [0.1, 0.9, 30.0], None)])
    table.provenance["command"] = "beholder score /p/\udcff.png"
    assert "/p/?.png" in written(table, tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="names are UTF-8 on this system")
@pytest.mark.parametrize("name", [b"caf\xe9.png", b"caf\\xe9.png", "café.png".encode()])
def test_pictures_are_found_whatever_their_names(tmp_path: Path, name: bytes) -> None:
    path = tmp_path / os.fsdecode(name)
    noise(path, 0)
    table = make_table([(as_text(path), as_text(path), [0.0, 1.0, math.inf], None)])
    assert list(page_data(written(table, tmp_path))["exhibits"]) == ["0"]


def test_the_security_policy_allows_exactly_what_is_inlined(tmp_path: Path) -> None:
    page = written(make_table([]), tmp_path)
    check_policy(page)
    assert "http:" not in page
    assert not re.search(r"(src|href)=\"(?!data:)", page)


def test_infinite_and_missing_scores_survive(tmp_path: Path) -> None:
    rows = [
        ("/p/a.png", "/q/a.png", [0.0, 1.0, math.inf], None),
        ("/p/b.png", "/q/b.png", [None, 0.5, -math.inf], "lpips_vgg: too small"),
        ("/p/c.png", "/q/c.png", [0.125, math.nan, 1 / 3], None),
    ]
    page = written(make_table(rows), tmp_path)
    lpips, ssim, psnr = (metric["scores"] for metric in page_data(page)["metrics"])
    assert lpips == [0.0, None, 0.125]
    assert ssim == [1.0, 0.5, "NaN"]
    assert psnr == ["Infinity", "-Infinity", 1 / 3]
    assert "2 infinite, not drawn" in words(page)
    assert "1 without a score" in words(page)


def test_the_page_and_the_terminal_tell_one_median(tmp_path: Path) -> None:
    rows = [
        ("/p/a.png", f"/q/{score}.png", [score], None) for score in (30.0, math.inf, 20.0, math.inf, 25.0)
    ]
    table = make_table(rows, ["psnr"])
    assert "median 30.00 dB" in words(written(table, tmp_path))
    assert list(summary_table(table).columns[3].cells) == ["30.0000"]
    equal = make_table(rows[1:2], ["psnr"])
    page = written(equal, tmp_path)
    assert "median ∞ dB" in words(page)
    assert 'class="median"' not in page
    assert list(summary_table(equal).columns[3].cells) == ["∞"]


def test_pairs_failures_metrics_and_date_are_told(tmp_path: Path) -> None:
    rows = [
        ("/p/a.png", f"/q/{row}.png", [0.1, 0.9, 30.0], "broken" if row < 3 else None) for row in range(1234)
    ]
    page = words(written(make_table(rows), tmp_path))
    assert "Pairs 1,234 Failed 3 Metrics lpips_vgg, ssim, psnr Scored 21 November 2026, 23:59 UTC" in page


def test_a_page_of_the_worst_says_of_how_many(tmp_path: Path) -> None:
    rows = [("r", f"{place}.png", [float(place)], "failed" if place < 3 else None) for place in range(40)]
    whole = make_table(rows, ["psnr"])
    whole = dataclasses.replace(whole, provenance={**whole.provenance, "rows": 40}).stored()
    table, _ = whole.worst(5)
    write_score_page(table, tmp_path / "page.html", whole=whole)
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "The 5 worst of 40 pairs by psnr are listed; the distributions are of all." in page
    assert "<dd>40</dd>" in page
    assert "median 19.50" in page
    assert "4.png" in page
    assert "5.png" not in page


def test_a_run_that_stopped_says_so_at_the_head(tmp_path: Path) -> None:
    table = make_table([("/p/a.png", f"/q/{row}.png", [0.1, 0.9, 30.0], None) for row in range(5)])
    assert "Stopped" not in words(written(table, tmp_path))
    table.provenance["stopped"] = "interrupted after 5 of 300 pairs"
    shown = words(written(table, tmp_path).partition("<script")[0])
    assert "Pairs 5 Stopped interrupted after 5 of 300 pairs Failed 0" in shown
    assert shown.count("5 of 300") == 1


def test_notes_belong_to_their_files(tmp_path: Path) -> None:
    table = make_table([("/p/a.png", "/p/a.png: odd.png", [0.1, 0.9, 30.0], None)])
    table.provenance["warnings"] = [
        "/p/a.png: turned upright: orientation 6",
        "/p/a.png: first of 2 pages",
        "/p/z.png: of no pair",
        "of no file",
    ]
    assert page_data(written(table, tmp_path))["notes"] == [
        ["/p/a.png", ["turned upright: orientation 6", "first of 2 pages"]]
    ]
    table.provenance["warnings"] = ["/p/a.png: odd.png: cropped"]
    assert page_data(written(table, tmp_path))["notes"] == [["/p/a.png: odd.png", ["cropped"]]]


def test_provenance_and_papers_are_readable(tmp_path: Path) -> None:
    table = make_table([])
    table.provenance["warnings"] = ["one.png: CMYK converted to RGB"]
    page = words(written(table, tmp_path))
    for expected in (
        "device cpu",
        "resize refuse",
        "one.png: CMYK converted to RGB",
        "arXiv:1801.03924",
        "lower is better; from 0 to ∞; equal pictures score 0",
        "higher is better; from −1 to 1; equal pictures score 1",
        "higher is better; from −∞ to ∞ dB; equal pictures score ∞",
        "sha256 2ecbe4ce01168921c28dfd502e2b74490ef8c4d66b0a0286bc7a6127facccc9d",
    ):
        assert expected in page


def test_a_column_is_named_as_it_was_asked_for(tmp_path: Path) -> None:
    table = make_table([("/p/a.png", "/q/a.png", [30.0], None)], ["psnr"])
    frame = table.frame.rename({"psnr": "psnr:border=4"})
    spec = {"psnr:border=4": {**table.provenance["metrics"]["psnr"], "options": {"border": 4}}}
    page = written(type(table)(frame, {**table.provenance, "metrics": spec}), tmp_path)
    assert "Metrics psnr:border=4 Scored" in words(page)
    assert page_data(page)["metrics"][0]["name"] == "psnr:border=4"


def test_pictures_are_embedded_worst_first_within_the_budget(tmp_path: Path) -> None:
    table = noise_table(tmp_path, [0.1, 0.4, None, 0.3, 0.2])
    whole = page_data(written(table, tmp_path))["exhibits"]
    assert list(whole) == ["1", "3", "4", "0", "2"]
    one = len("data:image/png;base64,") + 4 * math.ceil((tmp_path / "1.png").stat().st_size / 3)
    budget = int(3.5 * one)
    page = written(table, tmp_path, picture_budget=budget)
    assert list(page_data(page)["exhibits"]) == ["1", "3"]
    assert "Pictures are embedded for the 2 worst of 5 pairs by lpips_vgg" in words(page)
    assert sum(map(len, re.findall(r"data:image/[^<]+", page))) <= budget


def test_higher_is_better_turns_the_order(tmp_path: Path) -> None:
    rows = [
        (noise(tmp_path / "r.png", 0), noise(tmp_path / f"{s}.png", int(s)), [s], None)
        for s in (30.0, 10.0, 20.0)
    ]
    page = written(make_table([*rows, (rows[0][0], rows[0][1], [math.inf], None)], ["psnr"]), tmp_path)
    assert list(page_data(page)["exhibits"]) == ["1", "2", "0", "3"]


def test_each_file_is_embedded_once(tmp_path: Path) -> None:
    page = written(noise_table(tmp_path, [0.1, 0.2, 0.3]), tmp_path)
    assert page.count('<script type="text/plain" id="picture-') == 4
    assert len(set(re.findall(r"data:image/png;base64,[^<]+", page))) == 4


def test_a_tiff_is_embedded_as_lossless_webp(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.full((8, 8, 3), 77, dtype=np.uint8), photometric="rgb")
    path = str(tmp_path / "a.tif")
    page = written(make_table([(path, path, [0.0, 1.0, math.inf], None)]), tmp_path)
    assert page.count("data:image/webp;base64,") == 1
    assert page_data(page)["exhibits"]["0"] == {"reference": 0, "distorted": 0, "maps": {}}


def test_unreadable_pictures_are_explained(tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nand no more")
    good = noise(tmp_path / "good.png", 0)
    rows = [
        (good, good, [0.0, 1.0, math.inf], None),
        (good, str(tmp_path / "broken.png"), [0.1, 0.9, 30.0], None),
    ]
    page = written(make_table(rows), tmp_path)
    data = page_data(page)
    assert list(data["exhibits"]) == ["0"]
    assert "broken.png" in data["leftOut"]["1"]
    assert "Pictures are embedded for 1 of 2 pairs" in words(page)


def test_pairs_without_any_score_have_no_pictures(tmp_path: Path) -> None:
    good, other = noise(tmp_path / "good.png", 0), noise(tmp_path / "other.png", 1)
    rows = [(good, other, [None, 0.5, None], "too small"), (other, good, [None] * 3, "too many pixels")]
    page = written(make_table(rows), tmp_path)
    data = page_data(page)
    assert list(data["exhibits"]) == ["0"]
    assert data["leftOut"] == {}
    assert "Pictures are embedded for 1 of 2 pairs" in words(page)


def test_pictures_that_were_cropped_are_shown_cropped(tmp_path: Path) -> None:
    row = (noise(tmp_path / "r.png", 0, 24), noise(tmp_path / "d.png", 1, 32), [0.1, 0.5, 30.0], None)
    table = make_table([row])
    table.provenance["resize"] = "crop"
    page = written(table, tmp_path)
    assert page.count("data:image/png;base64,") == 1
    assert page.count("data:image/webp;base64,") == 1


def test_maps_belong_to_their_pair_and_metric(tmp_path: Path) -> None:
    table = noise_table(tmp_path, [0.1, 0.2])
    drawn = tmp_path / "map.png"
    noise(drawn, 9)
    page = written(table, tmp_path, maps={(0, "ssim"): drawn})
    exhibits = page_data(page)["exhibits"]
    assert exhibits["0"]["maps"].keys() == {"ssim"}
    assert exhibits["1"]["maps"] == {}
    assert 'data-map="ssim"' in page
    assert 'data-map="lpips_vgg"' not in page


def test_the_page_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    written(make_table([]), folder)
    (folder / "report.html").write_text("before")
    broken = make_table([("/p/a.png", "/p/b.png", [0.1, 0.9, 30.0], None)])
    broken.provenance["metrics"]["ssim"].pop("paper")
    with pytest.raises(Exception, match="paper"):
        write_score_page(broken, folder / "report.html")
    assert (folder / "report.html").read_text() == "before"
    assert [path.name for path in folder.iterdir()] == ["report.html"]


@pytest.mark.parametrize(
    ("paths", "folder"),
    [
        ([], ""),
        (["a.png"], ""),
        (["/data/set/a.png"], "/data/set/"),
        (["/data/set/a.png", "/data/set/sub/b.png"], "/data/set/"),
        (["/data/set1/a.png", "/data/set2/a.png"], "/data/"),
        (["C:\\data\\x1\\a.png", "C:\\data\\x2\\a.png"], "C:\\data\\"),
        (["x/a.png", "y/a.png"], ""),
        (["x/caf\\xe9.png", "x/caf\\xe8.png"], "x/"),
    ],
)
def test_common_folders(paths: list[str], folder: str) -> None:
    assert common_folder(paths) == folder


def test_what_a_killed_run_leaves_is_known_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[str] = []

    def look(self: Path, target: Path) -> None:
        left.extend(path.name for path in target.parent.iterdir())

    monkeypatch.setattr(type(tmp_path), "replace", look)
    write_score_page(make_table([]), tmp_path / "report.html")
    assert [name.startswith(".beholder-") for name in left] == [True]


def test_a_page_may_have_the_longest_name(tmp_path: Path) -> None:
    path = tmp_path / ("r" * 250 + ".html")
    write_score_page(make_table([]), path)
    assert path.is_file()
