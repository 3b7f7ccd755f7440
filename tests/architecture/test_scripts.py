"""Benchmarks, experiments and tools are not run here, but what they import has to be there."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted(
    path for folder in ("benchmarks", "experiments", "tools") for path in (ROOT / folder).rglob("*.py")
)
PEERS = {"stlpips_pytorch"}  # not installed for development


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_it_finds_what_it_imports(script: Path) -> None:
    text = script.read_text(encoding="utf-8")
    folders = [
        script.parent,
        *(ROOT / name for name in re.findall(r'^sys\.path\..*"(\w+)"', text, re.MULTILINE)),
    ]
    for node in ast.walk(ast.parse(text)):
        modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            modules = [str(node.module)]
        for module in modules:
            top = module.partition(".")[0]
            there = any((folder / f"{top}.py").is_file() for folder in folders)
            assert there or top in PEERS or importlib.util.find_spec(top), f"line {node.lineno}: no {module}"
            if top == "beholder":
                names = [alias.name for alias in node.names] if isinstance(node, ast.ImportFrom) else []
                missing = [name for name in names if not has(module, name)]
                assert not missing, f"line {node.lineno}: {module} has no {missing}"


def has(module: str, name: str) -> bool:
    loaded = importlib.import_module(module)
    if hasattr(loaded, name):
        return True
    return hasattr(loaded, "__path__") and importlib.util.find_spec(f"{module}.{name}") is not None
