"""The recipes that come with the package."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from beholder.spec import UsageError, did_you_mean

__all__ = ["find_recipe", "shipped_recipes"]


def shipped_recipes() -> dict[str, Path]:
    """Name -> file of every recipe in the package."""
    folder = Path(str(files("beholder"))) / "recipes"
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def find_recipe(name: str) -> Path:
    """A recipe's file: one of the user's, or one in the package by its name.

    Raises:
        UsageError: If there is neither.
    """
    if Path(name).suffix in (".yaml", ".yml"):
        return Path(name)
    shipped = shipped_recipes()
    if name not in shipped:
        raise UsageError(
            f"there is no recipe {name!r}.{did_you_mean(name, shipped)} Expected a .yaml file, or one of "
            f"{', '.join(shipped)}."
        )
    return shipped[name]
