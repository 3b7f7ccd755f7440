"""The house keeps its own rules."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

import beholder
from beholder.catalog import LOSSES, METRICS, NO_REFERENCE_METRICS, Entry

ROOT = Path(__file__).parents[2]
ENTRIES = {**METRICS, **NO_REFERENCE_METRICS}
SOURCES = sorted((ROOT / "src" / "beholder").rglob("*.py"))
MODULES = [module.name for module in pkgutil.walk_packages(beholder.__path__, "beholder.")]


@pytest.mark.slow  # `make check` asks the same
def test_imports_flow_one_way() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_all_is_explicit_and_true() -> None:
    for name in MODULES:
        module = importlib.import_module(name)
        empty = not list(ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8")).body[1:])
        assert empty or hasattr(module, "__all__"), f"{name} has no __all__"
        for public in getattr(module, "__all__", ()):
            assert hasattr(module, public), f"{name} has no {public}"


def test_top_level_names_load() -> None:
    for name in beholder.__all__:
        assert getattr(beholder, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = beholder.nonsense
    assert "score" in dir(beholder)


@pytest.mark.parametrize(
    "entry", {entry.target: entry for entry in ENTRIES.values()}.values(), ids=lambda e: e.target
)
def test_every_metric_has_a_page(entry: Entry) -> None:
    check_page("metrics", entry, ENTRIES)


@pytest.mark.parametrize(
    "entry", {entry.target: entry for entry in LOSSES.values()}.values(), ids=lambda e: e.target
)
def test_every_loss_has_a_page(entry: Entry) -> None:
    check_page("losses", entry, LOSSES)


def check_page(folder: str, entry: Entry, entries: Mapping[str, Entry]) -> None:
    file = entry.target.partition(":")[0].rpartition(".")[2]
    page = ROOT / "docs" / folder / f"{file}.md"
    assert page.is_file(), f"{page} is missing"
    text = page.read_text(encoding="utf-8")
    for name, other in entries.items():
        if other.target == entry.target:
            assert f"`{name}`" in text, f"{page} does not name {name}"


@pytest.fixture(scope="module")
def trees() -> dict[Path, ast.Module]:
    """What each module says, parsed."""
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES}


def test_no_assert_on_users_and_no_swallowed_error(trees: dict[Path, ast.Module]) -> None:
    for path, tree in trees.items():
        for node in ast.walk(tree):
            assert not isinstance(node, ast.Assert), f"{path}:{node.lineno} asserts"
            if isinstance(node, ast.ExceptHandler):
                assert node.type is not None, f"{path}:{node.lineno} catches everything"
                swallows = all(isinstance(line, ast.Pass) for line in node.body)
                assert not swallows, f"{path}:{node.lineno} swallows"


def test_modules_and_functions_stay_small(trees: dict[Path, ast.Module]) -> None:
    for path, tree in trees.items():
        lines = len(path.read_text(encoding="utf-8").splitlines())
        assert lines <= 300, f"{path} has {lines} lines"
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
                assert (node.end_lineno or 0) - first.lineno < 45, f"{path}:{node.lineno} {node.name} is long"


def test_photos_are_listed_with_their_licences() -> None:
    from beholder.data.photos import PHOTOS

    page = (ROOT / "docs" / "photos.md").read_text(encoding="utf-8")
    for photo in PHOTOS:
        row = re.search(rf"\| {photo.name} \| {photo.package} \| .* \| {re.escape(photo.licence)} \|", page)
        assert row, f"docs/photos.md does not list {photo.name}"
