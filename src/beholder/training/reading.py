"""Recipes of restoration, read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beholder.settings import read_settings
from beholder.training.recipe import Recipe

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["read_recipe"]


def read_recipe(path: str | Path, overrides: Sequence[str] = ()) -> Recipe:
    """Read the recipe of a training for restoration, as `beholder.settings.read_settings` does."""
    return read_settings(path, overrides, kind=Recipe)
