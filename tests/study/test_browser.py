"""Whole sessions in Chromium, by keyboard, with what goes wrong on the way."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from beholder import web
from beholder.study.app import create_app
from beholder.study.folder import StudyFolder
from beholder.study.models import Response, Trial
from study.conftest import MakeStudy

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = pytest.mark.browser

PATIENCE = 20_000  # milliseconds
FEW: dict[str, Any] = {
    "session": {"trials": 5, "breaks": {"every": 0}},
    "catch": {"identical": 0, "noise": 0},
    "training": {"trials": 0},
}


@contextlib.contextmanager
def serving(folder: StudyFolder) -> Iterator[str]:
    """The study's address, where a thread answers: the command takes seconds to start."""
    app = create_app(folder, folder.open_database())
    with web.open_port("127.0.0.1", 0) as listener, web.serving(app, listener, 10):
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"


@contextlib.contextmanager
def commanded(folder: StudyFolder) -> Iterator[str]:
    """Where the command itself answers."""
    command = [
        sys.executable,
        "-c",
        "from beholder.cli import main; main()",
        "study",
        "serve",
        str(folder.path),
    ]
    with subprocess.Popen([*command, "--port", "0"], stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr
            found = re.search(r"http://127\.0\.0\.1:\d+/", line := process.stderr.readline())
            assert found, line + process.stderr.read()
            yield found[0]
        finally:
            process.terminate()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page; the test fails if it logs an error of its own."""
    page, troubles = context.new_page(), []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
    yield page
    assert [trouble for trouble in troubles if "net::ERR" not in trouble and "409" not in trouble] == []


def go_to_trials(page: Page, url: str) -> None:
    page.goto(url)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("form[data-step=consent]")
    page.wait_for_load_state()  # with its script
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("form[data-step=instructions]")
    page.wait_for_load_state()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("#ready:visible")


def wait_for_question(page: Page) -> bool:
    """Whether there is one; else the session is over. Breaks are ended."""
    page.wait_for_selector("#player[data-asks], #rest-over:enabled:visible, #done-code")
    if page.is_visible("#rest-over"):
        page.keyboard.press("Space")
        page.wait_for_selector("#rest-over", state="hidden")
        return wait_for_question(page)
    return page.query_selector("#done-code") is None


def answer(page: Page, key: str) -> None:
    """Answer, and wait until the question is gone."""
    page.wait_for_timeout(30)
    page.keyboard.press(key)
    page.wait_for_selector("#player[data-asks]", state="detached")


def finish(page: Page, key: str, each: Callable[[int], Any] = lambda _: None) -> int:
    page.keyboard.press("Space")
    count = 0
    while wait_for_question(page):
        each(count)
        answer(page, key)
        count += 1
    return count


def responses(folder: StudyFolder) -> list[Any]:
    database = folder.open_database()
    query = (
        select(Trial.id, Trial.state, Response.answer, Response.timing).outerjoin(Response).order_by(Trial.id)
    )
    with database.reading() as transaction:
        found = [tuple(row) for row in transaction.execute(query)]
    database.close()
    return found


def test_a_session_of_2afc(make_study: MakeStudy, page: Page) -> None:
    folder = make_study(session={"trials": 4, "breaks": {"every": 3, "seconds": 0}})
    with commanded(folder) as url:
        go_to_trials(page, url)
        assert finish(page, "1") == 8
        assert re.fullmatch(r"[A-Z2-7]{5}-[A-Z2-7]{5}", page.inner_text("#done-code"))
    found = responses(folder)
    assert [state for _, state, *_ in found] == ["answered"] * 8
    # whole true pixels, three beside each other in 1280: 32 pixels of each go 12 times
    assert {timing["scale"] for *_, timing in found} == {12.0}


def test_a_session_of_jnd(make_study: MakeStudy, page: Page) -> None:
    presentation = {"shown_seconds": 0.3, "gap_seconds": 0.1}
    folder = make_study(**FEW, kind="jnd", presentation=presentation)
    with serving(folder) as url:
        go_to_trials(page, url)
        finish(page, "s")
    found = responses(folder)
    answered = [row for row in found if row[1] == "answered"]
    assert len(answered) == 5
    assert {row[2] for row in answered} == {"same"}
    for *_, timing in answered:
        flips, frame = timing["flips"], 1000 / timing["refresh"]
        # those that were shown again three times may be late
        if timing["dropped"] == 0:
            assert flips == pytest.approx([0, 300, 400, 700], abs=1.5 * frame)


def test_reload_back_and_a_second_tab(make_study: MakeStudy, page: Page, context: BrowserContext) -> None:
    folder = make_study(**FEW)
    with serving(folder) as url:
        go_to_trials(page, url)
        page.keyboard.press("Space")
        for _ in range(2):
            wait_for_question(page)
            answer(page, "1")
        wait_for_question(page)
        shown = page.inner_text("#count")
        page.reload()
        page.wait_for_selector("#ready:visible")
        page.keyboard.press("Space")
        wait_for_question(page)
        assert page.inner_text("#count") == shown
        page.goto("about:blank")
        page.go_back()
        page.wait_for_selector("#ready:visible")
        page.keyboard.press("Space")
        wait_for_question(page)
        assert page.inner_text("#count") == shown
        other = context.new_page()
        other.goto(url)
        other.wait_for_selector("#ready:visible")
        other.keyboard.press("Space")
        wait_for_question(other)
        assert other.inner_text("#count") == shown
        answer(page, "1")
        answer(other, "2")  # too late: the first counts, and this tab goes on where the study is
        wait_for_question(page)
        page.close()
        while wait_for_question(other):
            answer(other, "2")
    found = responses(folder)
    assert [state for _, state, *_ in found] == ["answered"] * 5


def test_a_lost_connection(make_study: MakeStudy, page: Page, context: BrowserContext) -> None:
    folder = make_study(**FEW)
    with serving(folder) as url:
        go_to_trials(page, url)

        def break_off(count: int) -> None:
            if count == 2:
                context.set_offline(True)
                page.keyboard.press("1")
                page.wait_for_selector("#told:has-text('connection is lost')")
                assert stored(folder) == 2
                context.set_offline(False)
                page.wait_for_selector("#told:empty", state="attached")
                wait_for_question(page)

        assert finish(page, "1", break_off) == 4
    assert [state for _, state, *_ in responses(folder)] == ["answered"] * 5


def test_an_answer_survives_a_reload(make_study: MakeStudy, page: Page) -> None:
    """The server hears of it only after the page was loaded anew."""
    folder = make_study(**FEW)
    with serving(folder) as url:
        go_to_trials(page, url)
        page.keyboard.press("Space")
        wait_for_question(page)
        page.route("**/api/answers", lambda route: route.abort())
        page.keyboard.press("2")
        page.wait_for_selector("#told:has-text('connection is lost')")
        assert stored(folder) == 0
        page.unroute("**/api/answers")
        page.reload()
        page.wait_for_selector("#ready:visible")
        assert stored(folder) == 1
        assert finish(page, "1") == 4
    assert len([row for row in responses(folder) if row[2]]) == 5


def test_two_presses_are_one_answer(make_study: MakeStudy, page: Page) -> None:
    folder = make_study(**FEW)
    sent: list[dict[str, Any]] = []
    page.on(
        "request",
        lambda request: (
            sent.append(json.loads(request.post_data or "{}")) if "answers" in request.url else None
        ),
    )
    with serving(folder) as url:
        go_to_trials(page, url)
        page.keyboard.press("Space")
        while wait_for_question(page):
            page.keyboard.press("1")
            page.keyboard.press("2")
            page.wait_for_selector("#player[data-asks]", state="detached")
    assert len(sent) == 5
    assert {each["answer"] for each in sent} == {"left"}


def stored(folder: StudyFolder) -> int:
    return sum(row[2] is not None for row in responses(folder))
