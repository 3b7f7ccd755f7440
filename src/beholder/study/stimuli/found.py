"""A stimulus before its pictures are stored."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from beholder.spec import PairingError

__all__ = ["FoundStimulus", "Noisy", "Pixels", "Source", "list_files"]

Pixels: TypeAlias = NDArray[np.uint8]
"""Shape (H, W, 3), RGB, sRGB-encoded."""


@dataclasses.dataclass(frozen=True)
class Noisy:
    """A picture with heavy noise.

    Attributes:
        path: The picture.
        seed: Of the noise.
    """

    path: Path
    seed: int


Source: TypeAlias = Path | Noisy


@dataclasses.dataclass(frozen=True, kw_only=True)
class FoundStimulus:
    """What a trial shows, by files; see `beholder.study.models.Stimulus`."""

    name: str
    group: str
    p0: Source
    p1: Source
    reference: Source | None = None
    subset: str | None = None
    condition0: str | None = None
    condition1: str | None = None
    strength: float | None = None
    purpose: str = "judged"
    expected: str | None = None

    @property
    def sources(self) -> dict[str, Source]:
        """Its pictures by role."""
        roles = {"reference": self.reference, "p0": self.p0, "p1": self.p1}
        return {role: source for role, source in roles.items() if source is not None}


def list_files(folder: Path) -> dict[str, Path]:
    """The files of a folder by their names without endings; hidden ones are none.

    Raises:
        PairingError: If there is no such folder, it is empty, or two names differ in their endings alone.
    """
    if not folder.is_dir():
        raise PairingError(f"{folder}: no such folder; expected one with pictures.")
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or not path.is_file():
            continue
        if path.stem in found:
            raise PairingError(
                f"{path}: {found[path.stem].name} has the same name; expected names that differ in more than endings."
            )
        found[path.stem] = path
    if not found:
        raise PairingError(f"{folder}: holds no file; expected pictures.")
    return found
