"""The folder that weights are kept in, and whether what lies there is what it should be; without torch."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from beholder.spec import WeightsError

if TYPE_CHECKING:
    from beholder.backbones.cards import WeightCard, WeightSource

__all__ = ["cache_folder", "locate", "sha256_of", "sha256_of_file", "tell_damage"]


def cache_folder() -> Path:
    """Where weights are kept: ``$BEHOLDER_CACHE/weights``, else under the user's cache folder.

    Raises:
        WeightsError: If the variable is not set, and the user has no home folder.
    """
    root = os.environ.get("BEHOLDER_CACHE")
    try:
        return (Path(root) if root else platformdirs.user_cache_path("beholder", appauthor=False)) / "weights"
    except RuntimeError as error:
        raise WeightsError(
            "there is no cache: this user has no home folder; set BEHOLDER_CACHE to a folder that can be written."
        ) from error


def sha256_of(content: bytes) -> str:
    """SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def sha256_of_file(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal, without holding it in memory (OSError where it cannot be read)."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def locate(card: WeightCard) -> tuple[Path, WeightSource] | None:
    """The first source of the card whose file lies in the cache; its content is not checked.

    Raises:
        WeightsError: If the cache may not be looked into.
    """
    for source in card.sources:
        path = cache_folder() / card.name / source.file
        try:
            if path.is_file():
                return path, source
        except OSError as error:
            raise WeightsError(
                f"{path}: cannot be looked at: {error.strerror}. Make {cache_folder()} readable, or set BEHOLDER_CACHE "
                "to a folder that is."
            ) from error
    return None


def tell_damage(sha256: str, source: WeightSource) -> str | None:
    """What is wrong with a file that should be the source's, by its SHA-256; nothing if it is."""
    if sha256 == source.sha256:
        return None
    return f"damaged or not the expected file: sha256 {sha256}, expected {source.sha256}"
