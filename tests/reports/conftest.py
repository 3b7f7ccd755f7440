"""Pages to look at, and a browser to look at them with."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest

from beholder.reports import write_score_page
from reports.demo import make_demo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="session")
def demo_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    table, maps = make_demo(folder)
    write_score_page(table, folder / "report.html", maps=maps)
    return folder / "report.html"


@dataclasses.dataclass
class Visit:
    """An open page and everything that went wrong on it."""

    page: Page
    troubles: list[str]


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open a page; the test fails if it logs an error, shows a dialog or asks for anything but itself."""
    visits: list[Visit] = []

    def open_page(path: Path, **options: Any) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1366, "height": 768}, **options})
        page = context.new_page()
        address = path.as_uri()
        troubles: list[str] = []
        page.on("console", lambda message: troubles.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: troubles.append(f"error: {error}"))
        page.on("request", lambda request: _note_request(request.url, address, troubles))

        def refuse(dialog: Any) -> None:
            troubles.append(f"dialog: {dialog.message}")
            dialog.dismiss()

        page.on("dialog", refuse)
        visits.append(Visit(page, troubles))
        page.goto(address)
        return page

    yield open_page
    for each in visits:
        each.page.context.close()
        assert each.troubles == []


def _note_request(url: str, address: str, troubles: list[str]) -> None:
    if url != address and not url.startswith(("data:", "blob:")):
        troubles.append(f"request: {url[:200]}")
