"""The page as a person meets it: every control, in a real browser."""

from __future__ import annotations

import csv
import json
import math
import time
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from beholder.reports import write_score_page
from reports.demo import make_table

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page

    Visit = Callable[..., Page]

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


def opened(visit: Visit, path: Path, **options: object) -> Page:
    page = visit(path, **options)
    page.wait_for_selector("#viewer:not(.empty) .pane img")
    return page


def column(page: Page, place: int) -> list[str]:
    return page.locator(f"#rows tr.pair > :nth-child({place})").all_inner_texts()


def scores(page: Page, place: int) -> list[float]:
    return [float(text) for text in column(page, place) if text not in "–∞"]


def divider_at(page: Page) -> int:
    return int(page.get_attribute("#divider", "aria-valuenow") or -1)


def zoom(page: Page) -> str:
    return page.inner_text("#zoom")


def select(page: Page, name: str) -> None:
    page.fill("#search", name)
    page.locator("#rows tr.pair").first.click()


def test_opens_with_the_worst_pair(visit: Visit, demo_page: Path) -> None:
    page = opened(visit, demo_page)
    assert page.inner_text("#which") == "Pair 1 of 32"
    worst = scores(page, 3)
    assert worst == sorted(worst, reverse=True)
    assert page.inner_text("#score-0") == f"{worst[0]:.4f}"
    assert page.inner_text("#score-2").endswith(" dB")


def test_sorting_by_click_and_by_keyboard(visit: Visit, demo_page: Path) -> None:
    page = opened(visit, demo_page)
    head = page.locator("#columns th").nth(3)
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert scores(page, 4) == sorted(scores(page, 4))
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    assert scores(page, 4) == sorted(scores(page, 4), reverse=True)
    page.locator("#columns button").first.focus()
    page.keyboard.press("Space")
    assert page.locator("#columns th").first.get_attribute("aria-sort") == "ascending"
    assert column(page, 1)[0].startswith("astronaut_gaussian_blur_1")
    assert page.locator("#columns [aria-sort=ascending], #columns [aria-sort=descending]").count() == 1


def test_failed_rows_stand_last_whichever_way_a_score_is_sorted(visit: Visit, tmp_path: Path) -> None:
    rows = [("/p/a.png", f"/q/{score}.png", [score], None) for score in (30.0, math.inf, 20.0)]
    table = make_table([("/p/a.png", "/q/none.png", [None], "broken"), *rows], ["psnr"])
    write_score_page(table, tmp_path / "report.html")
    page = visit(tmp_path / "report.html")
    assert column(page, 3) == ["20.00", "30.00", "∞", "–"]
    page.locator("#columns button").last.click()
    assert column(page, 3) == ["∞", "30.00", "20.00", "–"]


def test_filters(visit: Visit, demo_page: Path) -> None:
    page = opened(visit, demo_page)
    page.fill("#search", "CoFfee_jpeg")
    assert sorted(column(page, 1)) == ["coffee_jpeg_q05.jpg", "coffee_jpeg_q10.jpg", "coffee_jpeg_q40.jpg"]
    assert page.inner_text("#count") == "3 of 32"
    page.check("#failed-only")
    assert column(page, 1) == []
    page.click("#clear")
    assert page.locator("#clear").is_hidden()
    assert page.input_value("#search") == ""
    page.check("#failed-only")
    assert len(column(page, 1)) == 3


def test_the_viewer_follows_the_filter(visit: Visit, demo_page: Path) -> None:
    page = opened(visit, demo_page)
    worst = page.inner_text("#names")
    page.check("#failed-only")
    expect(page.locator("#names")).not_to_have_text(worst)
    assert page.inner_text("#which") == "Pair 1 of 3"
    assert page.locator("#rows tr.pair[aria-current=true]").count() == 1
    page.fill("#search", "no such name")
    assert page.inner_text("#which") == "No pair selected"
    assert page.inner_text("#names") == page.inner_text("#score-0") == page.inner_text("#message") == ""
    assert page.locator("#panes img").count() == 0
    assert page.locator("#previous").is_disabled()
    assert page.locator("#next").is_disabled()
    page.click("#clear")
    page.wait_for_selector("#viewer:not(.empty) .pane img")
    assert page.inner_text("#names") == worst
    page.fill("#search", "coffee")
    chosen = page.inner_text("#names")
    assert "coffee" in chosen
    page.click("#clear")
    assert page.inner_text("#names") == chosen


def test_what_was_changed_on_the_way_in_stands_below_the_pictures(
    visit: Visit, tmp_path: Path, demo_page: Path
) -> None:
    rocket, coffee = (str(demo_page.parent / "originals" / f"{name}.png") for name in ("rocket", "coffee"))
    table = make_table(
        [(rocket, rocket, [0.5], None), (rocket, coffee, [0.1], None), (coffee, "gone.png", [None], "gone")],
        ["lpips_vgg"],
    )
    table.provenance["warnings"] = [f"{coffee}: turned upright"]
    write_score_page(table, tmp_path / "report.html")
    page = opened(visit, tmp_path / "report.html")
    assert page.locator("#note").inner_text() == ""
    page.keyboard.press("j")
    expect(page.locator("#note")).to_contain_text("distorted: turned upright")
    page.keyboard.press("j")
    expect(page.locator("#note")).to_have_text("reference: turned upright")


def test_a_pair_of_two_sizes_is_shown_as_it_was_scored(visit: Visit, tmp_path: Path, demo_page: Path) -> None:
    folder = demo_page.parent
    coffee, small = (
        folder / "originals" / "coffee.png",
        folder / "distorted" / "by-kind" / "coffee_half_size.jpg",
    )
    rows = [(str(coffee), str(small), [0.5], None), (str(coffee), str(coffee), [0.0], None)]
    table = make_table(rows, ["lpips_vgg"])
    table.provenance["resize"] = "crop"
    table.provenance["warnings"] = [f"{coffee}: 256x171 cropped to 128x85"]
    write_score_page(table, tmp_path / "report.html")
    page = opened(visit, tmp_path / "report.html")
    size = "[...document.querySelectorAll('.pane img')].map((image) => [image.naturalWidth, image.naturalHeight])"
    assert page.evaluate(size) == [[128, 85], [128, 85]]
    assert page.inner_text("#note") == "reference: 256x171 cropped to 128x85"
    page.keyboard.press("j")
    expect(page.locator("#note")).to_have_text("")
    assert page.evaluate(size) == [[256, 171], [256, 171]]


def test_a_bar_filters_the_table(visit: Visit, demo_page: Path) -> None:
    page = opened(visit, demo_page)
    bar = page.locator(".histogram").nth(1).locator(".bar").last
    label = bar.get_attribute("aria-label") or ""
    bar.click()
    assert label.endswith((f"{len(column(page, 4))} pairs", ": 1 pair"))
    low, high = label.partition(":")[0].split(" to ")
    assert all(float(low) <= score <= float(high) for score in scores(page, 4))
    assert bar.get_attribute("aria-pressed") == "true"
    page.click("#clear")
    assert bar.get_attribute("aria-pressed") == "false"
    bar.focus()
    assert label in page.locator(".histogram").nth(1).inner_text()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    assert page.locator(".bar[aria-pressed=true]").count() == 1
    assert page.locator("#clear").is_visible()


def test_the_table_says_what_failed(visit: Visit, demo_page: Path) -> None:
    page = opened(visit, demo_page)
    select(page, "broken_off")
    row = page.locator("#rows tr.error")
    assert "found truncated or damaged PNG data" in row.inner_text()
    assert "/distorted/by-kind/" in (row.locator("p").get_attribute("title") or "")
    assert "found truncated or damaged PNG data" in page.inner_text("#message")
    assert page.locator("#panes img").count() == 0
    assert page.locator("#divider").is_hidden()
    assert page.inner_text("#score-0") == "–"


def test_keys_move_from_pair_to_pair(visit: Visit, demo_page: Path) -> None:
    page = opened(visit, demo_page)
    page.keyboard.press("j")
    assert page.inner_text("#which") == "Pair 2 of 32"
    page.keyboard.press("K")
    page.keyboard.press("k")
    assert page.inner_text("#which") == "Pair 1 of 32"
    page.focus("#sheet")
    for _ in range(31):
        page.keyboard.press("ArrowDown")
    assert page.inner_text("#which") == "Pair 32 of 32"
    chosen = page.locator("#rows tr.pair[aria-current=true]").bounding_box()
    sheet = page.locator("#sheet").bounding_box()
    assert chosen is not None
    assert sheet is not None
    assert sheet["y"] <= chosen["y"] < sheet["y"] + sheet["height"]
    page.click("#search")
    page.keyboard.type("jk")
    assert page.input_value("#search") == "jk"


def test_the_divider_moves_by_keyboard_and_pointer(visit: Visit, demo_page: Path) -> None:
    page = opened(visit, demo_page)
    assert divider_at(page) == 50
    page.focus("#divider")
    page.keyboard.press("ArrowRight")
    assert divider_at(page) == 52
    page.keyboard.press("Home")
    assert divider_at(page) == 0
    page.keyboard.press("End")
    page.keyboard.press("PageDown")
    assert divider_at(page) == 90
    page.evaluate("document.querySelector('#stage').scrollIntoView()")
    box = page.locator(".pane img.reference").bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.9 * box["width"], y)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.25 * box["width"], y, steps=4)
    page.mouse.up()
    assert divider_at(page) == pytest.approx(25, abs=1)
    page.mouse.click(box["x"] + 0.7 * box["width"], y)
    assert divider_at(page) == pytest.approx(70, abs=1)
    clip = page.evaluate("document.querySelector('img.distorted').style.clipPath")
    assert float(clip.split()[-1].removesuffix("px)")) == pytest.approx(0.7 * box["width"], abs=2)


def test_zoom_shows_pixels_and_pans(visit: Visit, demo_page: Path) -> None:
    page = opened(visit, demo_page)
    rendering = "getComputedStyle(document.querySelector('img.reference')).imageRendering"
    page.click("#zoom-one")
    assert (zoom(page), page.evaluate(rendering)) == ("100 %", "auto")
    for _ in range(3):
        page.click("#zoom-in")
    assert (zoom(page), page.evaluate(rendering)) == ("800 %", "pixelated")
    page.evaluate("document.querySelector('#stage').scrollIntoView()")
    before = page.locator("img.reference").bounding_box()
    stage = page.locator("#stage").bounding_box()
    assert before is not None
    assert stage is not None
    x, y = stage["x"] + 100, stage["y"] + 100
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 40, y + 30, steps=3)
    page.mouse.up()
    after = page.locator("img.reference").bounding_box()
    assert after is not None
    assert (after["x"] - before["x"], after["y"] - before["y"]) == (40, 30)
    page.click("#zoom-fit")
    assert zoom(page) == "200 %"
    page.keyboard.press("-")
    assert zoom(page) == "100 %"


def test_the_wheel_zooms_about_the_pointer(visit: Visit, demo_page: Path) -> None:
    page = opened(visit, demo_page)
    page.evaluate("document.querySelector('#stage').scrollIntoView()")
    for _ in range(2):
        page.click("#zoom-in")
    stage = page.locator("#stage").bounding_box()
    assert stage is not None
    x, y = stage["x"] + 200, stage["y"] + 150
    share = f"""(() => {{
        const box = document.querySelector('img.reference').getBoundingClientRect();
        return [({x} - box.left) / box.width, ({y} - box.top) / box.height];
    }})()"""
    page.mouse.move(x, y)
    before = page.evaluate(share)
    page.mouse.wheel(0, -200)
    expect(page.locator("#zoom")).not_to_have_text("800 %")
    assert page.evaluate(share) == pytest.approx(before, abs=0.002)


def test_heat_maps_lie_over_the_pictures_or_beside_them(visit: Visit, demo_page: Path) -> None:
    page = opened(visit, demo_page)
    button = page.locator("[data-map=ssim]")
    button.click()
    page.wait_for_selector("img.map")
    assert button.get_attribute("aria-pressed") == "true"
    assert page.inner_text("#alike") == "1 alike"
    assert page.inner_text("#different") == "different 0"
    assert page.evaluate("document.querySelector('img.map').style.opacity") == "0.7"
    page.fill("#opacity", "20")
    assert page.evaluate("document.querySelector('img.map').style.opacity") == "0.2"
    page.click("#mode-side")
    assert page.locator(".pane").count() == 3
    assert page.locator(".pane .label").all_inner_texts() == ["Reference", "Distorted", "ssim map"]
    assert page.evaluate("document.querySelector('img.map').style.opacity") == "1"
    assert page.locator("#divider").is_hidden()
    page.keyboard.press("j")
    expect(page.locator("#which")).to_have_text("Pair 2 of 32")
    assert page.locator("img.map").count() == 1
    button.click()
    page.wait_for_selector("img.map", state="detached")
    page.click("#mode-slider")
    assert page.locator(".pane").count() == 1
    assert button.get_attribute("aria-pressed") == "false"


def test_pictures_of_different_sizes_are_shown_at_the_references_size(visit: Visit, demo_page: Path) -> None:
    page = opened(visit, demo_page)
    select(page, "half_size")
    page.wait_for_selector("#note p")
    note = page.inner_text("#note")
    assert "expected 256x170" in note
    assert "The distorted picture is 128 × 85; it is shown scaled to the reference's 256 × 171." in note
    boxes = [page.locator(f"img.{role}").bounding_box() for role in ("reference", "distorted")]
    assert boxes[0] == boxes[1]
    assert page.locator("[data-map=ssim]").is_disabled()


def test_a_pair_beyond_the_budget_shows_its_scores_and_why(
    visit: Visit, tmp_path: Path, demo_page: Path
) -> None:
    originals = demo_page.parent / "originals"
    coffee, rocket, chelsea = (originals / f"{name}.png" for name in ("coffee", "rocket", "chelsea"))
    rows = [(str(coffee), str(coffee), [0.5], None), (str(rocket), str(chelsea), [0.2], None)]
    budget = (rocket.stat().st_size + chelsea.stat().st_size) * 4 // 3 + 100
    write_score_page(make_table(rows, ["lpips_vgg"]), tmp_path / "report.html", picture_budget=budget)
    page = opened(visit, tmp_path / "report.html")
    page.keyboard.press("j")
    page.wait_for_selector("#viewer.empty")
    assert "picture budget" in page.inner_text("#message")
    assert page.inner_text("#score-0") == "0.2000"
    page.keyboard.press("k")
    page.wait_for_selector("#viewer:not(.empty) img.distorted")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_but_the_table_scrolls_sideways_on_a_phone(
    visit: Visit, demo_page: Path, scheme: str
) -> None:
    page = opened(visit, demo_page, color_scheme=scheme, **PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.evaluate("[...document.querySelectorAll('body *')].every(each =>"
                         " each.closest('.sheet, .stage, svg') || each.getBoundingClientRect().right <= 390)")  # fmt: skip
    first = page.locator("#rows tr.pair th").first
    left = first.bounding_box()
    page.evaluate("document.querySelector('#sheet').scrollLeft = 200")
    assert page.evaluate("document.querySelector('#sheet').scrollLeft") > 0
    assert first.bounding_box() == left


def test_a_finger_moves_the_divider(visit: Visit, demo_page: Path) -> None:
    page = opened(visit, demo_page, **PHONE)
    page.locator("#stage").scroll_into_view_if_needed()
    box = page.locator("img.reference").bounding_box()
    assert box is not None
    page.touchscreen.tap(box["x"] + 0.3 * box["width"], box["y"] + box["height"] / 4)
    assert divider_at(page) == pytest.approx(30, abs=1)


def test_choosing_a_row_on_a_phone_brings_the_viewer(visit: Visit, demo_page: Path) -> None:
    page = opened(visit, demo_page, **PHONE)
    page.locator("#sheet").scroll_into_view_if_needed()
    page.locator("#rows tr.pair").nth(2).tap()
    assert page.inner_text("#which") == "Pair 3 of 32"
    expect(page.locator("#stage")).to_be_in_viewport(ratio=0.9)


def test_hostile_names_are_shown_as_they_are(visit: Visit, tmp_path: Path, demo_page: Path) -> None:
    name = "<script>alert(1)<\u2215script>.png"
    image = '"><img src=x onerror=alert(2)>.png'
    picture = (demo_page.parent / "originals" / "rocket.png").read_bytes()
    (tmp_path / name).write_bytes(picture)
    (tmp_path / image).write_bytes(picture)
    error = "</script><script>alert(3)</script>"
    rows = [
        (str(tmp_path / name), str(tmp_path / image), [0.0], None),
        ("</script><script>alert(4)</script>", "&amp;<b>", [None], error),
    ]
    write_score_page(make_table(rows, ["lpips_vgg"]), tmp_path / "report.html")
    page = opened(visit, tmp_path / "report.html")
    assert image in page.inner_text("#names")
    assert name in page.inner_text("#names")
    page.keyboard.press("j")
    page.wait_for_selector("#viewer.empty")
    assert page.inner_text("#message") == error
    page.wait_for_timeout(200)


def test_ten_thousand_pairs_are_ready_within_two_seconds(visit: Visit, tmp_path: Path) -> None:
    rows = [
        (
            f"/data/originals/{row // 8:05}.png",
            f"/data/distorted/{row:05}.png",
            [row % 997 / 997, 0.5, 30.0],
            None,
        )
        for row in range(10_000)
    ]
    write_score_page(make_table(rows), tmp_path / "report.html")
    began = time.perf_counter()
    page = visit(tmp_path / "report.html")
    page.locator("#columns button").first.click()
    assert column(page, 1)[0] == "00000.png"
    assert time.perf_counter() - began < 2.0
    assert page.locator("#rows tr").count() < 100
    page.evaluate("document.querySelector('#sheet').scrollTop = 1e9")
    expect(page.locator("#rows")).to_contain_text("09999.png")
    began = time.perf_counter()
    page.fill("#search", "0777")
    found = sum("0777" in f"{row // 8:05} {row:05}" for row in range(10_000))
    assert page.inner_text("#count") == f"{found} of 10,000"
    assert time.perf_counter() - began < 0.5


def test_the_table_can_be_taken_along_as_csv(visit: Visit, tmp_path: Path) -> None:
    rows = [
        ('/p/a "quoted", name.png', "/q/a.png", [0.1 + 0.2, 1.0, math.inf], None),
        ("/p/b.png", "/q/b.png", [None, None, None], "two\nlines"),
    ]
    table = make_table(rows)
    write_score_page(table, tmp_path / "report.html")
    page = visit(tmp_path / "report.html")
    with page.expect_download() as download:
        page.click("#download")
    download.value.save_as(tmp_path / "scores.csv")
    with (tmp_path / "scores.csv").open(newline="", encoding="utf-8") as file:
        read = list(csv.reader(file))
    assert read == [
        ["reference", "distorted", "lpips_vgg", "ssim", "psnr", "error"],
        ['/p/a "quoted", name.png', "/q/a.png", "0.30000000000000004", "1", "inf", ""],
        ["/p/b.png", "/q/b.png", "", "", "", "two\nlines"],
    ]


def test_provenance_can_be_copied(visit: Visit, tmp_path: Path) -> None:
    table = make_table([("/p/a.png", "/q/a.png", [0.1, 0.9, 30.0], None)])
    write_score_page(table, tmp_path / "report.html")
    page = visit(tmp_path / "report.html")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.click("#copy")
    expect(page.locator("#copy")).to_have_text("Copied")
    assert json.loads(page.evaluate("navigator.clipboard.readText()")) == table.provenance


def test_an_empty_table_is_a_page_too(visit: Visit, tmp_path: Path) -> None:
    write_score_page(make_table([]), tmp_path / "report.html")
    page = visit(tmp_path / "report.html")
    assert page.inner_text("#which") == "No pair selected"
    assert page.locator("#tools").is_hidden()
    page.keyboard.press("j")
    page.keyboard.press("+")
