"""The page of a comparison as a person meets it, in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page
from torch import Tensor

from beholder.reports.compare_page import write_compare_page
from reports.comparisons import make_findings, make_pictures

Visit = Callable[..., Page]

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


@pytest.fixture(scope="module")
def compared(photos: Tensor, tmp_path_factory: pytest.TempPathFactory) -> Path:
    findings = make_findings(pictures=8)
    path = tmp_path_factory.mktemp("compared") / "page.html"
    told = {"sha256": "2ecbe4ce" * 8}
    write_compare_page(findings, make_pictures(findings, photos[0]), path, told=told, created="", command="x")
    return path


def places(row: Locator) -> list[tuple[float, ...]]:
    """Where the picture of each tile lies, in shares of the tile."""
    return [
        tuple(round(number, 3) for number in each)
        for each in row.locator(".stage").evaluate_all(
            """stages => stages.map((stage) => {
                 const [outer, inner] = [stage, stage.querySelector("img")].map((each) => each.getBoundingClientRect());
                 return [(inner.left - outer.left) / outer.width, (inner.top - outer.top) / outer.height,
                   inner.width / outer.width, inner.height / outer.height];
               })"""
        )
    ]


def one_place(row: Locator) -> tuple[float, ...]:
    found = places(row)
    assert len(found) == 5
    assert len(set(found)) == 1
    return found[0]


def first_row(page: Page) -> Locator:
    row = page.locator(".row").first
    row.scroll_into_view_if_needed()
    return row


def test_all_versions_show_the_same_place(visit: Visit, compared: Path) -> None:
    page = visit(compared, viewport={"width": 1280, "height": 900})
    row = first_row(page)
    assert one_place(row) == (0, 0, 1, 1)
    box = row.locator(".stage").nth(2).bounding_box()
    assert box is not None
    x, y = box["x"] + 0.25 * box["width"], box["y"] + 0.75 * box["height"]
    page.mouse.move(x - 20, y)
    page.mouse.move(x, y)
    page.mouse.wheel(0, -500)
    page.wait_for_function("document.querySelector('.roomy') !== null")
    left, top, wide, high = one_place(row)
    assert wide == high == pytest.approx(2.2255, abs=0.01)  # exp(0.0016 * 500)
    assert ((0.25 - left) / wide, (0.75 - top) / high) == pytest.approx((0.25, 0.75), abs=0.01)
    page.mouse.down()
    page.mouse.move(x - 0.1 * box["width"], y - 0.05 * box["height"], steps=3)
    page.mouse.up()
    assert one_place(row)[:2] == pytest.approx((left - 0.1, top - 0.05), abs=0.01)
    assert places(page.locator(".row").nth(1))[0] == (0, 0, 1, 1)
    page.mouse.dblclick(x, y)
    assert one_place(row) == (0, 0, 1, 1)


def test_by_keyboard_and_no_edge_is_passed(visit: Visit, compared: Path) -> None:
    row = first_row(visit(compared))
    tiles = row.locator(".tiles")
    tiles.press("+")
    assert one_place(row) == pytest.approx((-0.25, -0.25, 1.5, 1.5))
    for _ in range(5):
        tiles.press("ArrowRight")
    assert one_place(row)[:2] == pytest.approx((-0.5, -0.25))
    tiles.press("0")
    assert one_place(row) == (0, 0, 1, 1)
    row.locator(".in").click()
    row.locator(".out").click()
    assert row.locator(".fit").is_disabled()


def test_rows_are_sorted_by_what_is_chosen(visit: Visit, compared: Path) -> None:
    page = visit(compared)
    scores = make_findings(pictures=8).measured["lpips_alex"].scores
    page.select_option("#metric", "lpips_alex")
    page.select_option("#what", "two, worst first")
    names = page.locator(".row h3").all_inner_texts()
    assert names == [f"p{row}" for row in scores[:, 1].argsort()[::-1]]
    page.click("#turn")
    assert page.locator(".row h3").all_inner_texts() == names[::-1]
    page.select_option("#what", "how much one beats three")
    gained = scores[:, 2] - scores[:, 0]
    assert page.locator(".row h3").all_inner_texts() == [f"p{row}" for row in (-gained).argsort()]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_has_room_for_two_versions_side_by_side(visit: Visit, compared: Path, scheme: str) -> None:
    page = visit(compared, color_scheme=scheme, **PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    boxes = [each.bounding_box() for each in first_row(page).locator(".stage").all()[:2]]
    assert boxes[0] is not None
    assert boxes[1] is not None
    assert boxes[0]["y"] == boxes[1]["y"]
    assert boxes[1]["width"] > 150
