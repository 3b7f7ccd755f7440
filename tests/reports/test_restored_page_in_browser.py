"""The page of restored pictures as a person meets it, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page

from beholder.data.photos import PHOTOS
from beholder.ops.resize import resize
from beholder.reports.restored_page import Restorations, write_restored_page
from reports.test_restored_page import GAINS

Visit = Callable[..., Page]

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


@pytest.fixture(scope="module")
def restored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    photo, detail = PHOTOS[0].load(), PHOTOS[2].detail(96)
    large = resize(photo[None], 1100, 1400)[0].clamp(0, 1)
    restorations = Restorations()
    small = resize(photo[None], 128, 128)[0].clamp(0, 1)
    name = "a/folder/with-a-name-that-is-so-long-that-a-phone-has-no-room-for-it-at-all.png"
    restorations.add(name, {"Before": small, "After": photo})
    restorations.add("large.png", {"Before": large, "After": large})
    restorations.add("three", {"input": detail, "pixels": detail * 0.9, "features": detail * 0.8})
    path = tmp_path_factory.mktemp("restored") / "page.html"
    write_restored_page(
        restorations, path, told={"sha256": "2ecbe4ce" * 8}, created="", command="x", gains=GAINS
    )
    return path


def comparison(page: Page, place: int) -> Locator:
    section = page.locator(".comparison").nth(place)
    section.scroll_into_view_if_needed()
    return section


def box(locator: Locator) -> dict[str, float]:
    found = locator.bounding_box()
    assert found is not None
    return dict(found)


def clipped_at(section: Locator, place: int) -> float:
    """Where the right picture begins, as a share of its width."""
    image = section.locator("img").nth(place)
    clip = image.evaluate("each => each.style.clipPath")
    return float(re.findall(r"[\d.]+", clip)[-1]) / box(image)["width"]


def test_the_divider_moves_by_keyboard_and_pointer(visit: Visit, restored: Path) -> None:
    section = comparison(visit(restored), 0)
    assert clipped_at(section, 1) == pytest.approx(0.5, abs=0.01)
    slider = section.get_by_role("slider")
    slider.focus()
    slider.press("ArrowRight")
    assert clipped_at(section, 1) == pytest.approx(0.51, abs=0.005)
    slider.press("Home")
    assert clipped_at(section, 1) == 0
    slider.press("End")
    frame, mouse = box(section.locator(".frame")), section.page.mouse
    y = frame["y"] + frame["height"] / 2
    mouse.move(frame["x"] + frame["width"], y)
    mouse.down()
    mouse.move(frame["x"] + 0.25 * frame["width"], y, steps=4)
    mouse.up()
    assert clipped_at(section, 1) == pytest.approx(0.25, abs=0.01)
    assert slider.input_value() == "25"
    assert section.locator(".fit").get_attribute("aria-pressed") == "true"


def test_both_versions_lie_on_each_other_and_the_small_one_is_not_smoothed(
    visit: Visit, restored: Path
) -> None:
    section = comparison(visit(restored), 0)
    before, after = section.locator("img").nth(0), section.locator("img").nth(1)
    assert box(before) == box(after)
    assert before.evaluate("each => getComputedStyle(each).imageRendering") == "pixelated"
    assert section.locator(".label").all_inner_texts() == ["Before", "After"]


def test_a_click_shows_true_pixels_under_the_pointer_and_another_all(visit: Visit, restored: Path) -> None:
    section = comparison(visit(restored), 1)
    section.page.set_viewport_size({"width": 900, "height": 700})
    section.scroll_into_view_if_needed()
    frame = box(section.locator(".frame"))
    assert frame["width"] < 1200
    x, y = frame["x"] + 0.7 * frame["width"], frame["y"] + 0.4 * frame["height"]
    section.page.mouse.click(x, y)
    whole = box(section.locator(".frame"))
    assert (whole["width"], whole["height"]) == (1200, 900)
    assert (x - whole["x"]) / 1200 == pytest.approx(0.7, abs=0.01)
    assert (y - whole["y"]) / 900 == pytest.approx(0.4, abs=0.01)
    section.page.mouse.move(x, y)
    section.page.mouse.down()
    section.page.mouse.move(x + 50, y + 20, steps=3)
    section.page.mouse.up()
    moved = box(section.locator(".frame"))
    # to whole pixels at each step
    assert moved["x"] - whole["x"] == pytest.approx(50, abs=2)
    assert moved["y"] - whole["y"] == pytest.approx(20, abs=2)
    assert section.locator(".whole").get_attribute("aria-pressed") == "true"
    section.locator(".fit").click()
    assert box(section.locator(".frame"))["width"] == frame["width"]


def test_of_more_versions_two_are_chosen(visit: Visit, restored: Path) -> None:
    section = comparison(visit(restored), 2)
    assert section.locator(".label").all_inner_texts() == ["input", "features"]
    assert section.locator("img").nth(1).is_hidden()
    section.get_by_label("Right").select_option("pixels")
    section.get_by_label("Left").select_option("features")
    assert section.locator(".label").all_inner_texts() == ["features", "pixels"]
    assert section.locator("img").nth(0).is_hidden()
    assert clipped_at(section, 1) == pytest.approx(0.5, abs=0.01)
    order = "each => getComputedStyle(each).zIndex"
    assert [section.locator("img").nth(place).evaluate(order) for place in (1, 2)] == ["1", "0"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_but_the_table_scrolls_sideways_on_a_phone(visit: Visit, restored: Path, scheme: str) -> None:
    page = visit(restored, color_scheme=scheme, **PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.evaluate("[...document.querySelectorAll('body *')].every(each =>"
                         " each.closest('.stage, .gains, .view') || each.getBoundingClientRect().right <= 390)")  # fmt: skip
    section = comparison(page, 0)
    frame = box(section.locator(".frame"))
    page.touchscreen.tap(frame["x"] + 30, frame["y"] + 30)
    assert section.locator(".whole").get_attribute("aria-pressed") == "true"
