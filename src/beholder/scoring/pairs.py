"""A pair on its way through a run: planned, loaded, scored."""

from __future__ import annotations

import dataclasses
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from beholder.images import File, Pair

__all__ = ["LoadedPair", "Planned", "ScoredPair", "as_text"]


@dataclasses.dataclass(frozen=True)
class Planned:
    """A pair whose turn it is.

    Attributes:
        index: Its place among the pairs.
        pair: Its files.
        ends_block: Whether a batch ends behind it.
    """

    index: int
    pair: Pair
    ends_block: bool = False


@dataclasses.dataclass(frozen=True)
class LoadedPair:
    """A pair with its pictures, or with the reason why it has none.

    Attributes:
        index: Place of the pair in the run.
        pair: Its files.
        x: Distorted picture, shape (3, H, W), in [0, 1]; ``None`` when there is an error.
        y: Reference picture, same shape.
        notes: What was changed on the way in, each with its file.
        error: Why the pair cannot be scored.
        frame: Index and time, in seconds, of a frame under test; ``None`` for pictures.
        ends_block: Whether a batch ends behind it.
    """

    index: int
    pair: Pair
    x: Tensor | None = None
    y: Tensor | None = None
    notes: tuple[tuple[File, str], ...] = ()
    error: str | None = None
    frame: tuple[int, float] | None = None
    ends_block: bool = False


@dataclasses.dataclass(frozen=True)
class ScoredPair:
    """What came of one pair.

    Attributes:
        index: Its place in the run.
        pair: Its files.
        scores: Metric -> score; ``None`` where it failed.
        maps: Metric -> map, shape (h, w), for metrics that have one and when maps are asked for.
        notes: What was changed on the way in, each with its file.
        error: What failed, or ``None``.
        frame: Index and time, in seconds, of a frame under test; ``None`` for pictures.
        ends_batch: Whether a run that is broken off behind it would go on with the same batches.
    """

    index: int
    pair: Pair
    scores: Mapping[str, float | None]
    maps: Mapping[str, NDArray[np.float32]]
    notes: tuple[tuple[File, str], ...]
    error: str | None
    frame: tuple[int, float] | None = None
    ends_batch: bool = True

    def as_row(self) -> dict[str, str | float | None]:
        """The pair's row in a `ScoreTable`."""
        files = {"reference": as_text(self.pair.reference), "distorted": as_text(self.pair.distorted)}
        place = {} if self.frame is None else {"frame": self.frame[0], "time": self.frame[1]}
        return {**files, **place, **self.scores, "error": self.error}


def as_text(path: str | Path) -> str:
    r"""A path as a table can hold it: bytes that are not UTF-8 are written as ``\\xNN``."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
