"""A folder of heat maps, one file per pair and metric."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from beholder.reports.heat import save_map

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from beholder.spec import MetricSpec

__all__ = ["MapFolder"]

_LONGEST_NAME = 255  # bytes; what common file systems take


class MapFolder:
    """Names and writes heat maps: ``FOLDER/SUB/NAME.SUFFIX.METRIC.png`` for the distorted ``SUB/NAME.SUFFIX``.

    Args:
        folder: Where to write; made when needed.
        distorted: The distorted picture of every pair of the run. Their common folder is left out of the names.
        specs: The metrics' specifications by the names of their columns, for their colour scales.
    """

    def __init__(self, folder: Path, distorted: Sequence[Path], specs: Mapping[str, MetricSpec]) -> None:
        self.folder = folder
        self._ranges = {name: spec.map_range for name, spec in specs.items()}
        # Not Path.absolute(), which keeps "..": a map must not land outside the folder.
        absolute = [Path(os.path.abspath(path)) for path in distorted]  # noqa: PTH100
        shared = os.path.commonpath([path.parent for path in absolute]) if absolute else ""
        self._names: list[str] = []
        taken: dict[str, int] = {}
        for path in absolute:
            name = os.path.relpath(path, shared)
            taken[name] = taken.get(name, 0) + 1
            # A picture may stand in several pairs of a list.
            self._names.append(name if taken[name] == 1 else f"{name}.{taken[name]}")

    def save(self, index: int, metric: str, values: NDArray[np.float32]) -> Path:
        """Draw the map of one pair of the run, and tell where.

        Args:
            index: Place of the pair in the run.
            metric: Name of the metric's column; it must have a map.
            values: The map, shape (h, w).

        Raises:
            PictureError: If the file cannot be written; the next ones may still be saved.
        """
        scale = self._ranges[metric]
        if scale is None:
            raise ValueError(f"{metric} has no map")
        name = Path(self._names[index])
        ending = f".{metric.replace(':', '_').replace('/', '_')}.png"
        path = self.folder / name.with_name(_shortened(name.name, len(ending)) + ending)
        save_map(values, scale, path)
        return path


def _shortened(name: str, ending: int) -> str:
    """A name that, with its ending, file systems take: where too long, cut and told apart by a digest."""
    encoded = os.fsencode(name)
    if len(encoded) + ending <= _LONGEST_NAME:
        return name
    digest = hashlib.sha256(encoded).hexdigest()[:8]
    kept = encoded[: _LONGEST_NAME - ending - len(digest) - 1].decode(errors="ignore")
    return f"{kept}~{digest}"
