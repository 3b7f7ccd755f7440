"""A run's folder: its recipe, its checkpoint, its logs and pictures."""

from __future__ import annotations

import contextlib
import csv
import os
from typing import TYPE_CHECKING, Any

import torch

from beholder.spec import TrainingError, UsageError
from beholder.training.reading import read_recipe, write_recipe

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from beholder.training.recipe import Recipe

__all__ = ["RunFolder"]


class RunFolder:
    """Where a run is kept.

    Args:
        path: The folder.

    Attributes:
        recipe: ``recipe.yaml``, with every setting.
        checkpoint: ``last.ckpt``, from which the run can go on.
        model: ``model.safetensors``, the best network so far.
        steps: ``steps.csv``, what was logged of the steps.
        validations: ``validation.csv``, the scores of each validation.
        pictures: ``pictures/``, a grid for each validation.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.recipe = path / "recipe.yaml"
        self.checkpoint = path / "last.ckpt"
        self.model = path / "model.safetensors"
        self.steps = path / "steps.csv"
        self.validations = path / "validation.csv"
        self.pictures = path / "pictures"

    def begin(self, recipe: Recipe) -> None:
        """Make the folder for a new run.

        Raises:
            UsageError: If there is a run in it already, or it cannot be made.
        """
        if self.recipe.exists() or self.checkpoint.exists():
            raise UsageError(
                f"{self.path}: holds a run already; go on with it by --resume, or name another folder."
            )
        try:
            self.pictures.mkdir(parents=True, exist_ok=True)
            write_recipe(recipe, self.recipe)
        except OSError as error:
            raise UsageError(f"{self.path}: cannot be written in: {error.strerror}.") from error

    def read_recipe(self) -> Recipe:
        """The recipe of the run that is there.

        Raises:
            UsageError: If there is none.
        """
        if not self.recipe.is_file():
            raise UsageError(f"{self.path}: holds no run; expected {self.recipe.name} in it.")
        return read_recipe(self.recipe)

    def save_checkpoint(self, state: Mapping[str, Any]) -> None:
        """Replace the checkpoint, whole or not at all.

        Raises:
            TrainingError: If it cannot be written; the one before stands.
        """
        with _replacing(self.checkpoint) as partial:
            torch.save(dict(state), partial)

    def load_checkpoint(self) -> dict[str, Any] | None:
        """The last checkpoint; ``None`` where there is none yet."""
        if not self.checkpoint.is_file():
            return None
        state: dict[str, Any] = torch.load(self.checkpoint, map_location="cpu", weights_only=True)
        return state

    def forget_after(self, step: int) -> None:
        """Drop what was logged beyond a step, which will be taken again."""
        for file in (self.steps, self.validations):
            if not file.is_file():
                continue
            with file.open(newline="", encoding="utf-8") as opened:
                rows = list(csv.DictReader(opened))
            kept = [row for row in rows if int(row["step"]) <= step]
            with _replacing(file) as partial, partial.open("w", newline="", encoding="utf-8") as opened:
                writer = csv.DictWriter(opened, rows[0] if rows else ["step"])
                writer.writeheader()
                writer.writerows(kept)

    def log(self, file: Path, row: Mapping[str, Any]) -> None:
        """Add a row to one of the logs.

        Raises:
            TrainingError: If it cannot be written.
        """
        try:
            new = not file.is_file()
            with file.open("a", newline="", encoding="utf-8") as opened:
                writer = csv.DictWriter(opened, list(row))
                if new:
                    writer.writeheader()
                writer.writerow(row)
        except OSError as error:
            raise TrainingError(f"{file}: cannot be written: {error.strerror}. {_STANDS}") from error


_STANDS = "The last checkpoint stands; make room and go on with --resume."


@contextlib.contextmanager
def _replacing(file: Path) -> Iterator[Path]:
    """A name beside the file to write to; what is whole takes the file's place."""
    partial = file.with_name(f".{file.name}.partial")
    try:
        yield partial
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        partial.replace(file)
    except (OSError, RuntimeError) as error:  # torch.save tells of a full disk by a RuntimeError
        raise TrainingError(
            f"{file}: cannot be written: {getattr(error, 'strerror', None) or error}. {_STANDS}"
        ) from error
    finally:
        partial.unlink(missing_ok=True)
