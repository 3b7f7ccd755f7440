"""What an examination finds: facts for machines, verdicts in words for people."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, Literal

__all__ = ["Finding", "Section", "at_home", "find_home"]


@dataclasses.dataclass(frozen=True)
class Finding:
    """A verdict.

    Attributes:
        level: ``"fine"``; ``"missing"``: something that one may do without; ``"broken"``: something that must be mended.
        told: What was found, in words.
        remedy: What to do, where there is something to do.
    """

    level: Literal["fine", "missing", "broken"]
    told: str
    remedy: str = ""


@dataclasses.dataclass(frozen=True)
class Section:
    """Verdicts of one subject, with the facts behind them.

    Attributes:
        name: The subject, in a word.
        facts: What JSON can hold.
        findings: The verdicts.
    """

    name: str
    facts: dict[str, Any]
    findings: tuple[Finding, ...]


def at_home(path: str | Path) -> str:
    """A path with ``~`` for the home folder: reports of bugs need not tell who wrote them."""
    path, home = Path(path), find_home()
    return f"~/{path.relative_to(home)}" if home is not None and path.is_relative_to(home) else str(path)


def find_home() -> Path | None:
    """The user's home folder; ``None`` for one who has none, as in some containers."""
    try:
        return Path.home()
    except RuntimeError:
        return None
