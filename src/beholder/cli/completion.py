"""Words that a shell completes: names of metrics, models, recipes, networks and weights; without torch."""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "complete_metric_recipes",
    "complete_metric_settings",
    "complete_metrics",
    "complete_models",
    "complete_recipes",
    "complete_settings",
    "complete_weights",
    "installed_completion",
    "run_program",
]

_PROGRAM = "beholder"
_INSTALLED = {  # where Typer puts a shell's script
    "bash": ".bash_completions/beholder.sh",
    "zsh": ".zfunc/_beholder",
    "fish": ".config/fish/completions/beholder.fish",
}
_BREAKS = re.compile("[:=]+")  # where bash, but no other shell, takes a word apart


def complete_metrics(incomplete: str) -> list[str]:
    """Names of metrics, for the last of a list with commas; those that it holds already are left out."""
    from beholder.catalog import METRICS, NO_REFERENCE_METRICS

    before, comma, last = incomplete.rpartition(",")
    taken = set(before.split(","))
    names = []
    for name, entry in {**METRICS, **NO_REFERENCE_METRICS}.items():
        if entry.subject == "backbone":
            names += [f"{name}:{backbone}" for backbone in _backbones()]
        elif entry.subject is None:  # a file's name is the shell's to complete
            names.append(name)
    return [f"{before}{comma}{name}" for name in names if name.startswith(last) and name not in taken]


def complete_models(incomplete: str) -> list[str]:
    """Names of the models that come with Beholder."""
    from beholder.training.shipped import shipped_models

    return _beginning(incomplete, shipped_models())


def complete_recipes(incomplete: str) -> list[str]:
    """Names of the recipes that come with Beholder."""
    from beholder.training.shipped import shipped_recipes

    return _beginning(incomplete, shipped_recipes())


def complete_metric_recipes(incomplete: str) -> list[str]:
    """Names of the recipes by which a metric is learned."""
    from beholder.training.shipped import shipped_metric_recipes

    return _beginning(incomplete, shipped_metric_recipes())


def complete_settings(incomplete: str) -> list[str]:
    """A recipe's ``network=NAME``."""
    from beholder.catalog import NETWORKS

    return _beginning(incomplete, [f"network={name}" for name in NETWORKS])


def complete_metric_settings(incomplete: str) -> list[str]:
    """A metric recipe's ``backbone=NAME``."""
    return _beginning(incomplete, [f"backbone={name}" for name in _backbones()])


def complete_weights(incomplete: str) -> list[tuple[str, str]]:
    """Names of the weight cards, and what they are."""
    from beholder.backbones.cards import CARDS

    return [(card.name, card.title) for card in CARDS.values() if card.name.startswith(incomplete)]


def installed_completion(home: Path) -> dict[str, Path]:
    """The scripts that `beholder --install-completion` has put under a home folder, by shell."""
    # not Path.is_file(), which raises where it may not look
    return {shell: home / file for shell, file in _INSTALLED.items() if os.path.isfile(home / file)}  # noqa: PTH113


def run_program(program: Any) -> None:
    """Run the command, under the name that completion scripts know it by, or complete a word of it."""
    if os.environ.get(f"_{_PROGRAM.upper()}_COMPLETE") == "complete_bash":
        _complete_for_bash(program)
    else:
        program(prog_name=_PROGRAM)


def _complete_for_bash(program: Any) -> None:
    """Complete a word that bash has taken apart: what is printed must begin where its own last part does."""
    words, kept = _join_words(os.environ.get("COMP_WORDS", "").split("\n"), int(os.environ["COMP_CWORD"]))
    os.environ |= {"COMP_WORDS": "\n".join(words), "COMP_CWORD": str(len(words) - 1)}
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            program(prog_name=_PROGRAM)
    finally:
        for line in printed.getvalue().splitlines():
            sys.stdout.write(f"{line.removeprefix(kept)}\n")


def _join_words(parts: list[str], current: int) -> tuple[list[str], str]:
    """The words as they were typed, up to the one to complete, and what of that bash leaves as it is."""
    words: list[str] = []
    joined = False
    for part in parts[: current + 1]:
        is_break = _BREAKS.fullmatch(part) is not None
        if words and (joined or is_break):
            words[-1] += part
        else:
            words.append(part)
        joined = is_break
    return words, words[-1][: max(map(words[-1].rfind, ":=")) + 1]


def _beginning(incomplete: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]


def _backbones() -> list[str]:
    from beholder.backbones.cards import CARDS

    return [card.name for card in CARDS.values() if card.origin == "torchvision"]
