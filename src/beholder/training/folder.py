"""A run's folder: its recipe, its checkpoint, its logs and pictures."""

from __future__ import annotations

import contextlib
import csv
import importlib
import io
import os
import warnings
from typing import TYPE_CHECKING, Any

import torch

from beholder.settings import write_settings
from beholder.spec import UsageError
from beholder.training.writing import add_to, replacing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from beholder.settings import Settings

__all__ = ["RunFolder"]


class RunFolder:
    """Where a run is kept.

    Args:
        path: The folder.

    Attributes:
        recipe: ``recipe.yaml``, with every setting.
        checkpoint: ``last.ckpt``, from which the run can go on.
        model: ``model.safetensors``, the best network so far.
        metric: ``metric.safetensors``, the best metric so far, where one is learned.
        steps: ``steps.csv``, what was logged of the steps.
        validations: ``validation.csv``, the scores of each validation.
        pictures: ``pictures/``, a grid for each validation.
        events: ``events/``, the same for TensorBoard.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.recipe = path / "recipe.yaml"
        self.checkpoint = path / "last.ckpt"
        self.model = path / "model.safetensors"
        self.metric = path / "metric.safetensors"
        self.steps = path / "steps.csv"
        self.validations = path / "validation.csv"
        self.pictures = path / "pictures"
        self.events = path / "events"
        self._lock = path / ".lock"
        self._claimed: int | None = None

    def check_new(self) -> None:
        """Refuse a folder that holds a run.

        Raises:
            UsageError: If it does.
        """
        if self.recipe.exists() or self.checkpoint.exists():
            raise UsageError(
                f"{self.path}: holds a run already; go on with it by --resume, or name another folder."
            )

    def check_apart(self, *pictures: Path | None) -> None:
        """Refuse a run among the photographs: its pictures would be trained on by the next.

        Raises:
            UsageError: If the folder lies in one of theirs.
        """
        for photographs in pictures:
            if photographs is not None and self.path.absolute().is_relative_to(photographs.absolute()):
                raise UsageError(
                    f"{self.path}: lies in {photographs}, whose pictures are trained on; expected a folder outside."
                )

    def begin(self, recipe: Settings) -> None:
        """Make the folder for a new run; the paths of its recipe become absolute, so that it goes on from any folder.

        Raises:
            UsageError: If there is a run in it already, or it cannot be made.
        """
        self.check_new()
        try:
            self.pictures.mkdir(parents=True, exist_ok=True)
            with replacing(self.recipe) as partial:
                write_settings(recipe.from_anywhere(), partial)
        except OSError as error:
            raise self._unwritable(error) from error

    def claim(self) -> None:
        """Make the folder, and keep other processes out of it until `release` or the end of this one, however it ends.

        Where files cannot be locked, on Windows and on some network disks, a warning tells that nothing is kept out.

        Raises:
            UsageError: If another process has it, or it cannot be written in.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._claimed = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            lock = importlib.import_module("fcntl")
            lock.lockf(self._claimed, lock.LOCK_EX | lock.LOCK_NB)
        except (BlockingIOError, PermissionError) as error:
            os.close(self._claimed)
            self._claimed = None
            raise UsageError(f"{self.path}: another process trains in it; wait for it, or end it.") from error
        except (OSError, ModuleNotFoundError) as error:
            warnings.warn(
                f"{self.path}: cannot be locked ({error}); see that no other process trains in it.",
                stacklevel=3,
            )

    def release(self) -> None:
        """Let others go on with the run; a folder in which none was begun goes."""
        if self._claimed is None:
            return
        if not self.recipe.exists():
            with contextlib.suppress(OSError):
                self._lock.unlink()
                self.path.rmdir()
        os.close(self._claimed)
        self._claimed = None

    def _unwritable(self, error: OSError) -> UsageError:
        return UsageError(f"{self.path}: cannot be written in: {error.strerror}.")

    def check_there(self) -> None:
        """Refuse a folder that holds no run.

        Raises:
            UsageError: If it holds none.
        """
        if not self.recipe.is_file():
            raise UsageError(f"{self.path}: holds no run; expected {self.recipe.name} in it.")

    def save_checkpoint(self, state: Mapping[str, Any]) -> None:
        """Replace the checkpoint, whole or not at all.

        Raises:
            TrainingError: If it cannot be written; the one before stands.
        """
        with replacing(self.checkpoint) as partial, partial.open("wb") as opened:
            torch.save(dict(state), opened)

    def load_checkpoint(self) -> dict[str, Any] | None:
        """The last checkpoint; ``None`` where there is none yet."""
        if not self.checkpoint.is_file():
            return None
        state: dict[str, Any] = torch.load(self.checkpoint, map_location="cpu", weights_only=True)
        return state

    def forget_after(self, step: int) -> None:
        """Drop what was logged beyond a step, which will be taken again.

        Raises:
            TrainingError: If the logs cannot be written.
        """
        for file in (self.steps, self.validations):
            if not file.is_file():
                continue
            lines = file.read_bytes().splitlines(keepends=True)
            # A power cut may leave half a line.
            whole = [line for line in lines if line.endswith(b"\n")]
            kept = whole[:1] + [line for line in whole[1:] if int(line.split(b",")[0]) <= step]
            with replacing(file) as partial:
                partial.write_bytes(b"".join(kept))

    def log(self, file: Path, row: Mapping[str, Any]) -> None:
        """Add a row to one of the logs; its first entry is the step.

        Columns that the log does not have yet, of a recipe that was changed on the way, are added, empty in earlier rows.

        Raises:
            TrainingError: If it cannot be written.
        """
        if not file.is_file() or not file.stat().st_size:
            add_to(file, _table(list(row), [row], header=True))
            return
        with file.open(newline="", encoding="utf-8") as opened:
            reader = csv.DictReader(opened)
            columns = list(reader.fieldnames or ())
            added = [name for name in row if name not in columns]
            earlier = list(reader) if added else []
        if added:
            with replacing(file) as partial:
                partial.write_bytes(_table([*columns, *added], [*earlier, row], header=True))
        else:
            add_to(file, _table(columns, [row], header=False))


def _table(columns: Sequence[str], rows: Sequence[Mapping[str, Any]], *, header: bool) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns)
    if header:
        writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
