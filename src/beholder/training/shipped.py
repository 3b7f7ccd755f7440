"""The recipes and the trained models that come with the package."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from beholder.spec import UsageError, did_you_mean

__all__ = [
    "find_metric_recipe",
    "find_model",
    "find_recipe",
    "shipped_metric_recipes",
    "shipped_models",
    "shipped_recipes",
]


def shipped_recipes() -> dict[str, Path]:
    """Name -> file of every recipe in the package."""
    return _shipped("recipes", "*.yaml")


def shipped_metric_recipes() -> dict[str, Path]:
    """Name -> file of every recipe in the package by which a metric is learned."""
    return _shipped("recipes/metrics", "*.yaml")


def shipped_models() -> dict[str, Path]:
    """Name -> file of every trained model in the package; beside each lies its card, NAME.md."""
    return _shipped("models", "*.safetensors")


def find_recipe(name: str) -> Path:
    """A recipe's file: one of the user's, or one in the package by its name.

    Raises:
        UsageError: If there is neither.
    """
    return _find("recipe", name, shipped_recipes(), "a .yaml file")


def find_metric_recipe(name: str) -> Path:
    """The file of a recipe by which a metric is learned: one of the user's, or one in the package by its name.

    Raises:
        UsageError: If there is neither.
    """
    return _find("recipe of a metric", name, shipped_metric_recipes(), "a .yaml file")


def find_model(name: str) -> Path:
    """A trained model's file: one of the user's, or one in the package by its name.

    Raises:
        UsageError: If there is neither.
    """
    return _find("model", name, shipped_models(), "a .safetensors file")


def _shipped(room: str, pattern: str) -> dict[str, Path]:
    folder = Path(str(files("beholder"))) / room
    return {path.stem: path for path in sorted(folder.glob(pattern))}


def _find(kind: str, name: str, shipped: dict[str, Path], own: str) -> Path:
    if name in shipped:  # a folder of results may have the model's name
        return shipped[name]
    if not (Path(name).suffix or len(Path(name).parts) > 1 or Path(name).exists()):
        raise UsageError(
            f"there is no {kind} {name!r}.{did_you_mean(name, shipped)} Expected {own}, or one of "
            f"{', '.join(shipped)}."
        )
    return Path(name)
