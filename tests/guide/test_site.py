"""The guide as it is built: nothing is missing, no link is broken, and it opens from a folder without a network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import pytest
import typer

import beholder
from beholder.catalog import DISCRIMINATORS, LOSSES, METRICS, NETWORKS, NO_REFERENCE_METRICS
from beholder.cli.app import app

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).parents[2]
READMES = [path for path in sorted(ROOT.glob("*.md")) if path.name != "CHANGELOG.md"]
DECISIONS = sorted((ROOT / "docs").glob("which_*.md"))


def walk(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if words:
        yield words
    for name, inner in getattr(command, "commands", {}).items():
        yield from walk(inner, (*words, name))


def test_every_command_has_a_page_with_its_options(site: Path) -> None:
    listed = (site / "commands" / "index.html").read_text(encoding="utf-8")
    commands = list(walk(typer.main.get_command(app)))
    assert ("score",) in commands
    assert ("study", "new") in commands
    for words in commands:
        assert (site / "commands" / f"{'-'.join(words)}.html").is_file(), f"no page for {' '.join(words)}"
        assert f'href="{"-".join(words)}.html"' in listed, f"{' '.join(words)} is not listed"
    page = (site / "commands" / "score.html").read_text(encoding="utf-8")
    for part in (
        "--one-reference",
        "Examples",
        "Arguments",
        'href="../scoring.html"',
        "&#91;default: refuse]",
    ):
        assert part in page or unescape(part) in page, f"commands/score.html lacks {part}"


def test_every_metric_loss_and_network_has_a_page(site: Path) -> None:
    for folder, entries in (("metrics", {**METRICS, **NO_REFERENCE_METRICS}), ("losses", LOSSES)):
        for name, entry in entries.items():
            page = site / folder / f"{entry.target.partition(':')[0].rpartition('.')[2]}.html"
            assert page.is_file(), f"no page for {name}"
            assert f"<code>{name}</code>" in page.read_text(encoding="utf-8"), (
                f"{page.name} does not name {name}"
            )
    for name in (*NETWORKS, *DISCRIMINATORS):
        assert (site / "networks" / f"{name}.html").is_file(), f"no page for {name}"


def test_the_reference_has_what_import_beholder_gives(site: Path) -> None:
    pages = {path.name: path.read_text(encoding="utf-8") for path in (site / "reference").glob("*.html")}
    for name in beholder.__all__:
        assert f"<code>beholder.{name}</code>" in pages["00-beholder.html"], f"beholder.{name} is not listed"
    everything = "".join(pages.values())
    assert 'id="beholder.metrics.gmsd.gmsd"' in everything
    assert not re.search(r":math:|\.\. math|formula(?:inline|block)[0-9a-f]", everything), (
        "a formula is not drawn"
    )
    assert everything.count("<svg role=") > 100


def test_no_link_or_anchor_is_broken(site: Path) -> None:
    pages = {path: path.read_text(encoding="utf-8") for path in site.rglob("*.html")}
    anchors = {
        path: {unescape(name) for name in re.findall(r'\sid="([^"]+)"', text)} for path, text in pages.items()
    }
    broken = []
    for path, text in pages.items():
        if path.name == "404.html":  # its links are those of a server's root
            continue
        for link in set(re.findall(r'\s(?:href|src)="([^"]+)"', text)):
            parts = urlsplit(unescape(link))
            if parts.scheme:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.exists() or (
                parts.fragment and unquote(parts.fragment) not in anchors.get(target, ())
            ):
                broken.append(f"{path.relative_to(site)}: {link}")
    assert not broken, "\n".join(broken)


def test_nothing_comes_from_the_web(site: Path) -> None:
    fetched = re.compile(
        r'<(?:script|img|iframe|source)\b[^>]*\ssrc="(?:https?:)?//[^"]*"|<link\b[^>]*href="https?://[^"]*"'
    )
    for path in site.rglob("*.html"):
        assert not fetched.findall(path.read_text(encoding="utf-8")), path
    for path in site.rglob("*.css"):
        assert not re.search(r"url\(['\"]?https?:", path.read_text(encoding="utf-8")), path


@pytest.mark.parametrize("readme", READMES, ids=lambda path: path.name)
def test_links_of_the_readmes_lead_somewhere(readme: Path) -> None:
    pytest.importorskip("pymdownx", reason="anchors need the extra 'guide'")
    from pymdownx.slugs import slugify

    anchor = slugify(case="lower")
    for path, fragment in re.findall(r"\]\(([^)#\s:]*)(?:#([^)\s]+))?\)", without_code(readme)):
        target = readme.parent / path if path else readme
        assert target.exists(), f"{readme.name}: {path} is not there"
        if fragment:
            titles = re.findall(r"^#+ (.*)$", without_code(target), re.MULTILINE)
            assert fragment in [anchor(title, "-") for title in titles], f"{readme.name}: {path}#{fragment}"


def without_code(page: Path) -> str:
    return re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", DECISIONS, ids=lambda path: path.name)
def test_numbers_that_decide_stand_on_a_page_that_is_linked(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    linked = {page.parent / path for path in re.findall(r"\]\(([\w./-]+\.md)", text)}
    sources = " ".join(path.read_text(encoding="utf-8") for path in linked if path.is_file())
    numbers = set(re.findall(r"(?<![\d.])\d+\.\d{2,}(?!\d)", text))
    assert len(numbers) > 5
    derived = {"1.17", "0.87"}  # differences of two numbers that stand there
    assert not {
        number for number in numbers - derived if not re.search(rf"(?<![\d.]){number}(?!\d)", sources)
    }


@pytest.mark.browser
def test_it_opens_from_a_folder_and_finds(browser: Browser, site: Path) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, offline=True)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    # what is still being fetched as the page is left is no fault
    page.on(
        "requestfailed",
        lambda request: None if request.failure == "net::ERR_ABORTED" else wrong.append(request.url),
    )
    page.goto((site / "metrics" / "gmsd.html").as_uri())
    page.click("input.md-search__input")
    page.keyboard.type("contextual loss")
    page.wait_for_selector(".md-search-result__item a")
    addresses = page.eval_on_selector_all(
        ".md-search-result__item > a", "found => found.map(each => each.href)"
    )
    assert any("losses/contextual_loss.html" in address for address in addresses), addresses
    page.set_viewport_size({"width": 390, "height": 800})
    for name in ("index", "which_metric", "commands/score", "reference/05-metrics"):
        page.goto((site / f"{name}.html").as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, (
            f"{name} is wider than the screen"
        )
    assert not wrong
    context.close()
