"""How exactly pictures of JND trials appear and vanish in Chromium, and whether what went wrong is told.

Usage: python benchmarks/study_timing.py [--trials 50] [--spoil 3] [--full]

A study of noisy pictures is served, and its trials are answered by keyboard, with 1 s, 250 ms of grey, 1 s. The player's own moments of
flips, kept with each answer, are compared with the plan, and with what an observer of the page's changes saw, by its own clock. In
a few trials the page is held up for 200 ms as the second picture is due: each of these must be told as late, and come again.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Page, sync_playwright
from sqlalchemy import select

from beholder.study.creating import create_study
from beholder.study.design import Design
from beholder.study.folder import StudyFolder
from beholder.study.models import Response, Trial

PLAN = (1000.0, 250.0, 1000.0)  # milliseconds between flips
HOLD_UP = 200
OBSERVE = """
window.changes = []; window.holdUps = 0;
new MutationObserver(() => {
  const full = document.getElementById("stage").children.length > 0 && document.getElementById("ask").style.visibility === "hidden";
  if (full !== window.full) { window.full = full; window.changes.push([full, performance.now()]); }
  if (full && window.holdUps > 0 && window.changes.length % 4 === 1) {
    window.holdUps -= 1;
    setTimeout(() => { const end = performance.now() + HOLD_UP; while (performance.now() < end); }, 1150);
  }
}).observe(document.getElementById("stage"), { childList: true });
""".replace("HOLD_UP", str(HOLD_UP))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=50)
    parser.add_argument("--spoil", type=int, default=3, help="Trials in which the page is held up.")
    parser.add_argument("--full", action="store_true", help="Pictures of 512x512 pixels, in place of 64x64.")
    settings = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = make_study(Path(place), settings.trials, 512 if settings.full else 64)
        seen = sit(folder, settings.spoil)
        report(folder, seen, settings.spoil)


def make_study(place: Path, trials: int, side: int) -> StudyFolder:
    draw = np.random.default_rng(0)
    for part in ("p0", "p1"):
        (place / "bapps" / part).mkdir(parents=True)
        for row in range(trials):
            noise = draw.integers(0, 256, (side, side, 3), np.uint8)
            Image.fromarray(noise).save(place / "bapps" / part / f"{row:06d}.png")
    settings: dict[str, Any] = {
        "title": "Timing",
        "kind": "jnd",
        "stimuli": {"bapps": place / "bapps"},
        "session": {"trials": trials, "breaks": {"every": 0}},
        "catch": {"identical": 0, "noise": 0},
        "training": {"trials": 0},
        "demographics": False,
        "screen_check": False,
        "retention": "2100-01-01",
    }
    return create_study(Design.model_validate(settings), place / "study", read)


def read(path: Path) -> Any:
    return np.asarray(Image.open(path).convert("RGB"))


def sit(folder: StudyFolder, spoil: int) -> list[tuple[bool, float]]:
    """A whole session; when pictures were put on the page and taken away, by the page's clock."""
    program = [sys.executable, "-c", "from beholder.cli import main; main()"]
    command = [*program, "study", "serve", str(folder.path), "--port", "0"]
    with (
        subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process,
        sync_playwright() as playwright,
    ):
        told = process.stderr.readline() if process.stderr else ""
        url = re.search(r"http://[^/]+/", told)
        if url is None:
            sys.exit(f"the server did not start: {told}")
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("google-chrome"),
            args=["--no-sandbox", "--disable-dev-shm-usage"],
        )
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(url[0])
        answer_all(page, spoil)
        seen = page.evaluate("window.beforeReload")
        browser.close()
        process.terminate()
    return [(bool(full), float(moment)) for full, moment in seen]


def answer_all(page: Page, spoil: int) -> None:
    for step in ("consent", "instructions"):
        page.locator("button").first.click()
        page.wait_for_selector(f"form[data-step={step}]")
        page.wait_for_load_state()
        for box in page.query_selector_all("input[type=checkbox]"):
            box.check()
    page.locator("form button").first.click()
    page.wait_for_selector("#ready:visible")
    page.evaluate(OBSERVE)
    changes: list[Any] = []
    page.keyboard.press("Space")
    count = 0
    while True:
        page.wait_for_selector("#player[data-asks], #done-code", timeout=60_000)
        if page.query_selector("#done-code"):
            break
        if count < spoil:
            page.evaluate("window.holdUps = 1")
        changes = page.evaluate("window.changes")
        page.keyboard.press("s")
        page.wait_for_selector("#player[data-asks]", state="detached")
        count += 1
    page.evaluate("changes => { window.beforeReload = changes; }", changes)


def report(folder: StudyFolder, seen: list[tuple[bool, float]], spoil: int) -> None:
    database = folder.open_database()
    with database.reading() as transaction:
        rows = list(transaction.execute(select(Response.timing).join(Trial).where(Trial.state == "answered")))
        spoiled = len(list(transaction.scalars(select(Trial.id).where(Trial.state == "spoiled"))))
    database.close()
    timings = [timing for (timing,) in rows if timing is not None]
    refresh = float(np.median([timing["refresh"] for timing in timings]))
    print(f"{len(timings)} trials answered; {refresh:.2f} frames a second, {1000 / refresh:.2f} ms each")
    own = np.array([np.diff(timing["flips"]) for timing in timings])
    show("the player's flips", own, 1000 / refresh)
    moments = [moment for _, moment in seen]
    starts = [place for place, (full, _) in enumerate(seen[:-3]) if full and place % 4 == 0]
    shown = np.array([[after - before for before, after in pairwise(moments[at : at + 4])] for at in starts])
    on_time = np.abs(shown - PLAN).max(1) < HOLD_UP / 2
    show("the page's changes ", shown[on_time], 1000 / refresh)
    print(f"frames that came late in answered trials: {sum(timing['dropped'] for timing in timings)}")
    print(f"trials held up: {spoil}; told as spoiled and shown again: {spoiled}")


def show(name: str, found: Any, frame: float) -> None:
    off = np.abs(found - PLAN)
    parts = ", ".join(
        f"{wished:.0f} ms: median {np.median(found[:, place]):.2f}, off by {np.median(off[:, place]):.2f} "
        f"({np.median(off[:, place]) / frame:.2f} frames), at most {off[:, place].max():.2f}"
        for place, wished in enumerate(PLAN)
    )
    print(f"{name} ({len(found)}): {parts}")


if __name__ == "__main__":
    main()
