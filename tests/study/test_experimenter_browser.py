"""The experimenter's page in Chromium, while an observer sits in another window."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from study.conftest import MakeStudy
from study.test_browser import FEW, PATIENCE, answer, go_to_trials, responses, serving, wait_for_question

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser


@pytest.fixture
def windows(browser: Browser) -> Iterator[tuple[Page, Page]]:
    """The experimenter's and an observer's; the test fails if a script does, or the policy forbids something."""
    contexts = [browser.new_context(viewport={"width": 1280, "height": 800}) for _ in range(2)]
    pages, troubles = [context.new_page() for context in contexts], []
    for context, page in zip(contexts, pages, strict=True):
        context.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
    yield pages[0], pages[1]
    for context in contexts:
        context.close()
    # what the server refuses for a while is told as an error, too; and that it is gone in the end
    expected = ("401", "503", "net::ERR")
    assert [each for each in troubles if not any(word in each for word in expected)] == []


def log_in(page: Page, url: str, password: str) -> None:
    page.goto(url + "experimenter")
    page.wait_for_load_state()
    page.keyboard.type("a guess")
    page.keyboard.press("Enter")
    page.wait_for_selector("#told:has-text('not the password')")
    page.keyboard.type(password)  # in place of the guess, which is selected
    page.keyboard.press("Enter")
    page.wait_for_selector("#state:has-text('open')")


def test_watching_pausing_and_excluding(make_study: MakeStudy, windows: tuple[Page, Page]) -> None:
    folder = make_study(**FEW, title="<b>Noise</b>")
    password = folder.renew_password()
    desk, observer = windows
    desk.clock.install()  # the five seconds between two counts pass at once
    with serving(folder) as url:
        log_in(desk, url, password)
        desk.wait_for_selector("#progress-text:has-text('0 of 24 votes')")
        go_to_trials(observer, url)
        observer.keyboard.press("Space")
        wait_for_question(observer)
        answer(observer, "1")
        wait_for_question(observer)
        desk.clock.fast_forward(5000)
        desk.wait_for_selector("#progress-text:has-text('1 of 24 votes')")
        desk.wait_for_selector("#observers td:has-text('after 1 of 5 trials')")
        assert desk.locator("#plot-answers rect").count() == 1

        desk.click("button[data-state=paused]")
        desk.wait_for_selector("#state:has-text('paused')")
        answer(observer, "1")  # is stored all the same
        observer.wait_for_selector("#told:has-text('paused')")
        assert sum(row[2] is not None for row in responses(folder)) == 2
        desk.click("button[data-state=open]")
        wait_for_question(observer)  # it went on by itself
        assert observer.inner_text("#told") == ""

        desk.click("button[data-act=exclude]")
        desk.keyboard.type("<b>asleep</b>")
        desk.click("#dialog-do")
        desk.wait_for_selector("#observers td:has-text('excluded: <b>asleep</b>')")
        desk.wait_for_selector("#progress-text:has-text('0 of 24 votes')")
        desk.wait_for_selector("#events td:has-text('reason: <b>asleep</b>')")
        assert desk.locator("b").count() == 0

        desk.click("#logout")
        desk.wait_for_selector("#login")


@pytest.mark.parametrize("kind", ["2afc", "jnd"])
def test_previews(make_study: MakeStudy, windows: tuple[Page, Page], kind: str) -> None:
    folder = make_study(kind=kind, presentation={"shown_seconds": 0.3, "gap_seconds": 0.1})
    password = folder.renew_password()
    desk, _ = windows
    with serving(folder) as url:
        log_in(desk, url, password)
        desk.fill("#search", "catch/noise")
        desk.click("#stimuli button:has-text('catch/noise')")
        shown = 2 if kind == "jnd" else 3
        desk.wait_for_selector(f"#stage figure:nth-child({shown}):last-child canvas")
        facts = desk.inner_text("#shown-facts")
        assert "catch trial" in facts
        right = facts.split("Right answer")[1].split()[0]
        assert right in (("different",) if kind == "jnd" else ("left", "right"))
        # each of the 32 x 24 pixels a square of true ones
        sizes = desk.evaluate("[...document.querySelectorAll('#stage canvas')].map(c => [c.width, c.height])")
        assert all(width % 32 == 0 and width * 24 == height * 32 for width, height in sizes)
        desk.click("#swap")
        if kind == "jnd":
            desk.wait_for_selector("#swap[aria-pressed=true]")
            desk.click("#play")
            desk.wait_for_selector("#stage > canvas")  # one at a time
            desk.wait_for_selector("#play:enabled")
            desk.wait_for_selector("#stage figure:nth-child(2)")
        else:
            other = {"left": "right", "right": "left"}[right]
            desk.wait_for_selector(f"#shown-facts dd:has-text('{other} (p')")
