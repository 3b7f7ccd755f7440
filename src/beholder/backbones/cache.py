"""The folder that weights are kept in, and whether what lies there is what it should be; without torch."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

if TYPE_CHECKING:
    from beholder.backbones.cards import WeightCard, WeightSource

__all__ = ["cache_folder", "locate", "sha256_of", "sha256_of_file", "tell_damage"]


def cache_folder() -> Path:
    """Where weights are kept: ``$BEHOLDER_CACHE/weights``, else under the user's cache folder."""
    root = os.environ.get("BEHOLDER_CACHE")
    return (Path(root) if root else platformdirs.user_cache_path("beholder", appauthor=False)) / "weights"


def sha256_of(content: bytes) -> str:
    """SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def sha256_of_file(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal, without holding it in memory (OSError where it cannot be read)."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def locate(card: WeightCard) -> tuple[Path, WeightSource] | None:
    """The first source of the card whose file lies in the cache; its content is not checked."""
    for source in card.sources:
        path = cache_folder() / card.name / source.file
        if path.is_file():
            return path, source
    return None


def tell_damage(sha256: str, source: WeightSource) -> str | None:
    """What is wrong with a file that should be the source's, by its SHA-256; nothing if it is."""
    if sha256 == source.sha256:
        return None
    return f"damaged or not the expected file: sha256 {sha256}, expected {source.sha256}"
