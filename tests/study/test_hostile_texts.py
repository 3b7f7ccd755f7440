"""Texts and names that mean ill, from the design to every page: they stay text, or are refused."""

from __future__ import annotations

import os
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError

from beholder.spec import PairingError, UsageError
from beholder.study.design import Design, read_design
from beholder.study.models import Stimulus, Trial
from study.conftest import MakeStudy, OpenStudy
from study.test_sitting import rows

EVIL = [
    "<script>alert(1)</script>",
    "'; DROP TABLE trial; --",
    '" onmouseover="alert(1)" x=\'',
    "{{ 7 * 7 }}{% for x in y %}",
    "--></title><img src=x onerror=alert(1)>",
    "${alert(1)}`%00%0a\\",
    "line\r\none\n\ntwo\t\u2028three \u202eright to left",
]


class Page(HTMLParser):
    """The elements, attributes and texts of a page, as a browser reads them."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def check_page(source: str) -> Page:
    page = Page(source)
    for tag, attributes in page.elements:
        assert not any(name.startswith("on") for name in attributes), attributes
        assert tag not in ("img", "iframe", "style")
        if tag == "script":
            assert str(attributes["src"]).startswith("static/")
    return page


SCREEN = {
    "pixels_per_millimetre": 3.8, "device_pixel_ratio": 1, "zoom": 1, "width": 1920, "height": 1080, "refresh": 60,
    "plates": ["<b>"], "plates_right": 0, "darkest": 6, "touch": False,
}  # fmt: skip


@pytest.mark.parametrize("evil", EVIL)
def test_texts_of_a_design_on_every_page(
    make_study: MakeStudy, open_study: OpenStudy, bapps: Path, tmp_path: Path, evil: str
) -> None:
    name = evil.replace("/", "_")
    places = {part: tmp_path / f"{part} {name}" for part in ("ref", "p0", "p1")}
    for part, place in places.items():
        place.mkdir()
        for row in range(3):
            shutil.copy(bapps / "val" / "noise" / part / f"{row:06d}.png", place / f"{name}{row}.png")
    folder = make_study(
        kind="ranking",
        title={"en": f"T {evil}", "zh": evil},
        question={"en": f"Q {evil}"},
        stimuli={"reference": places["ref"], "conditions": {evil: places["p0"], "other": places["p1"]}},
        session={"trials": 3, "breaks": {"every": 0}},
        consent={"version": "1'\"<b>", "text": {"en": f"C {evil}"}, "contact": f"W {evil}"},
        demographics=True,
        screen_check=True,
    )
    seat, database = open_study(folder)
    sitting = seat()
    check_page(sitting.client.get("/").text)
    sitting.begin()
    for step, told in {
        "consent": {"version": "1'\"<b>"},
        "about": {"about": {"expert": "no"}},
        "screen": {"screen": SCREEN},
        "instructions": {},
        "trials": None,
        "thanks": None,
    }.items():
        page = check_page(sitting.client.get("/").text)
        text = "".join(page.texts)
        assert f"T {evil}".replace("\r\n", "\n") in text.replace("\r\n", "\n"), step
        if step == "consent":
            for paragraph in (f"C {evil}".split("\n\n")[0], f"W {evil}"):
                assert paragraph.strip() in text
            assert ("form", {"data-step": "consent", "data-version": "1'\"<b>"}) in page.elements
        if step == "trials":
            assert f"Q {evil}" in text
            sitting.finish()
        elif told is not None:
            assert sitting.post(f"/api/steps/{step}", told).status_code == 200
    for path in ("/privacy", "/privacy?language=zh"):
        check_page(sitting.client.get(path).text)
    stored = {each for (each,) in rows(database, Stimulus.name)}
    assert any(name in each and evil in each for each in stored)
    assert len(rows(database, Trial.id)) == 7


@pytest.mark.parametrize("bad", ["\0", "a\0b", "\ud800", "b\udcff"], ids=ascii)
def test_texts_that_no_database_holds(bad: str) -> None:
    good = {"title": "x", "kind": "ranking", "retention": "2100-01-01"}
    plain = {"stimuli": {"conditions": {"a": "a", "b": "b"}}}
    Design.model_validate(good | plain)
    for settings in (
        {"title": bad},
        {"title": {"en": bad}},
        {"question": {"en": f"x {bad} x"}},
        {"consent": {"text": {"zh": f"x {bad}x"}}},
        {"consent": {"contact": f"x{bad}x"}},
        {"consent": {"version": f"1{bad}"}},
        {"stimuli": {"conditions": {"a": "a", bad: "b"}}},
        {"stimuli": {"conditions": {"a": "a", "b": f"folder {bad}"}}},
    ):
        with pytest.raises(ValidationError, match=r"which cannot be stored|unable to parse raw data"):
            Design.model_validate(good | plain | settings)


def test_what_cannot_be_stored_is_told_with_its_place(tmp_path: Path) -> None:
    design = tmp_path / "design.yaml"
    design.write_text(
        'title: x\nkind: 2afc\nstimuli: {bapps: x}\nretention: 2100-01-01\nconsent: {contact: "a\\0b"}\n'
    )
    with pytest.raises(UsageError, match=r"consent.contact holds '\\x00', which cannot be stored"):
        read_design(design)


def named(place: Path, name: bytes) -> Path:
    """A folder or file of that name, where the file system takes it."""
    try:
        made = place / os.fsdecode(name)
        made.mkdir()
    except OSError:
        pytest.skip("this file system takes UTF-8 alone")
    return made


def test_names_that_are_no_utf8(make_study: MakeStudy, bapps: Path, tmp_path: Path) -> None:
    odd = named(tmp_path, b"pictures \xff")
    shutil.copytree(bapps, odd / "bapps")
    (odd / "design.yaml").write_text("title: x\nkind: 2afc\nstimuli: {bapps: bapps}\nretention: 2100-01-01\n")
    with pytest.raises(UsageError, match=r"the design's folder holds .*rename it"):
        read_design(odd / "design.yaml")
    pictures: dict[str, Any] = {}
    for part in ("ref", "p0", "p1"):
        pictures[part] = tmp_path / part
        shutil.copytree(bapps / "val" / "noise" / part, pictures[part])
        (pictures[part] / "000003.png").rename(pictures[part] / os.fsdecode(b"\xff.png"))
    sources = {"reference": pictures["ref"], "conditions": {"a": pictures["p0"], "b": pictures["p1"]}}
    with pytest.raises(
        PairingError, match=r"'\\udcff/a/b': its name holds '\\udcff', which cannot be stored"
    ):
        make_study(stimuli=sources)
    assert not (tmp_path / "study").exists()


def test_what_a_record_tells_is_looked_at_too(make_study: MakeStudy, bapps: Path, tmp_path: Path) -> None:
    shutil.copytree(bapps, tmp_path / "bapps")
    told = {"triplet": range(12), "p0_name": ["a\0b"] * 12, "p1_name": ["b"] * 12, "photograph": ["c"] * 12}
    pl.DataFrame(told).write_parquet(tmp_path / "bapps" / "val" / "noise" / "distortions.parquet")
    with pytest.raises(PairingError, match=r"holds '\\x00', which cannot be stored"):
        make_study(stimuli={"bapps": tmp_path / "bapps"})
