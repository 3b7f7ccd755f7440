"""The page of a study: whole, closed to scripts of names, and in Chromium without an error."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

pytest.importorskip("sqlalchemy", reason="studies need the extra 'study'")

from beholder.judgements import psychometric
from beholder.reports.study_page import write_study_page
from beholder.study.design import Design
from beholder.study.results import analyse

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NAME = "<script>alert(1)</script>"


def answers(rows: list[dict[str, Any]]) -> pl.DataFrame:
    about: dict[str, Any] = {
        "session": 0,
        "position": 0,
        "purpose": "judged",
        "subset": None,
        "condition0": None,
        "condition1": None,
        "strength": None,
        "expected": None,
        "swapped": False,
        "milliseconds": 1200.0,
        "implausible": False,
        "requeued": 0,
        "failed": None,
        "excluded": None,
    }
    texts = dict.fromkeys(("subset", "condition0", "condition1", "expected", "failed", "excluded"), pl.String)
    return pl.DataFrame([about | row for row in rows], schema_overrides={**texts, "strength": pl.Float64})


def design(**settings: Any) -> Design:
    return Design.model_validate({"title": NAME, "retention": "2100-01-01", **settings})


def ranking() -> tuple[pl.DataFrame, Design]:
    draw = np.random.default_rng(0)
    conditions = ["plain", NAME, "third"]
    rows = [
        {
            "observer": f"o{observer}",
            "stimulus": f"{group}/{one}/{two}",
            "group": str(group),
            "condition0": conditions[one],
            "condition1": conditions[two],
            "answer": "p1" if (value := float(draw.random() < 0.6)) else "p0",
            "value": value,
            "excluded": NAME if observer == 0 else None,
        }
        for observer in range(6)
        for group in range(4)
        for one, two in ((0, 1), (0, 2), (1, 2))
    ]
    folders = {name: name for name in conditions}
    return answers(rows), design(kind="ranking", stimuli={"conditions": folders})


def thresholds() -> tuple[pl.DataFrame, Design]:
    draw = np.random.default_rng(0)
    rows = [
        {
            "observer": f"o{observer}",
            "stimulus": f"{group}/{strength}",
            "group": f"{NAME}{group}",
            "strength": float(strength),
            "answer": "different"
            if (value := float(draw.random() < psychometric(strength, 3, 2)))
            else "same",
            "value": value,
        }
        for observer in range(20)
        for group in range(2)
        for strength in range(1, 7)
    ]
    return answers(rows), design(kind="jnd", stimuli={"levels": "levels"})


@pytest.mark.parametrize("make", [ranking, thresholds])
def test_names_are_text(make: Any, tmp_path: Path) -> None:
    write_study_page(analyse(*make()), tmp_path / "page.html", created="2026-01-02T03:04:05+00:00")
    page = (tmp_path / "page.html").read_text()
    assert NAME not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "2 January 2026, 03:04 UTC" in page


def one_observer() -> tuple[pl.DataFrame, Design]:
    rows = [
        {
            "observer": "o",
            "stimulus": f"{subset}/{row}",
            "group": f"{subset}/{row}",
            "subset": subset,
            "answer": "different" if row % 2 else "same",
            "value": float(row % 2),
        }
        for subset in ("blur", NAME)
        for row in range(4)
    ]
    return answers(rows), design(kind="jnd", stimuli={"bapps": "bapps"})


def test_one_observer_has_a_page(tmp_path: Path) -> None:
    write_study_page(analyse(*one_observer()), tmp_path / "page.html", created="2026-01-02T03:04:05+00:00")
    page = (tmp_path / "page.html").read_text()
    assert "By subset" in page
    assert '"nan' not in page
    assert "nan to nan" not in page
    assert page.count("not known") == 2  # alpha and majority
    assert NAME not in page


def test_the_page_tells_the_question_and_whom_it_left_out(tmp_path: Path) -> None:
    found, asked = ranking()
    asked = asked.model_copy(update={"question": {"en": "Which face would you frame?"}, "ties": True})
    write_study_page(analyse(found, asked), tmp_path / "page.html", created="2026-01-02T03:04:05+00:00")
    page = (tmp_path / "page.html").read_text()
    assert "Which face would you frame?" in page
    assert "no difference" in page
    assert "no: excluded: " in page
    assert "5 of 6" in page


@pytest.mark.browser
def test_the_page_in_chromium(browser: Browser, tmp_path: Path) -> None:
    for name, make in (("ranking", ranking), ("thresholds", thresholds)):
        write_study_page(analyse(*make()), tmp_path / f"{name}.html", created="2026-01-02T03:04:05+00:00")
        for width in (1280, 390):
            page = browser.new_page(viewport={"width": width, "height": 800})
            troubles: list[str] = []
            page.on("console", lambda message, found=troubles: found.append(message.text))
            page.goto((tmp_path / f"{name}.html").as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.locator("svg").count() >= 4
            clipped = page.evaluate(
                "[...document.querySelectorAll('svg')].filter(svg => [...svg.querySelectorAll('text')]"
                ".some(text => text.getBoundingClientRect().left < svg.getBoundingClientRect().left - 0.5)).length"
            )
            assert clipped == 0
            assert troubles == []
            page.close()
