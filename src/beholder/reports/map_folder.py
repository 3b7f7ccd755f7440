"""A folder of heat maps, one file per pair and metric."""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from beholder.images import Address
from beholder.reports.heat import save_map

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from beholder.images import File
    from beholder.spec import MetricSpec

__all__ = ["MapFolder", "map_names"]

_LONGEST_NAME = 255  # bytes; what common file systems take


class MapFolder:
    """Writes heat maps: ``FOLDER/NAME.METRIC.png``.

    Args:
        folder: Where to write; made when needed.
        specs: The metrics' specifications by the names of their columns, for their colour scales.
    """

    def __init__(self, folder: Path, specs: Mapping[str, MetricSpec]) -> None:
        self.folder = folder
        self._ranges = {name: spec.map_range for name, spec in specs.items()}

    def path(self, name: Path, metric: str) -> Path:
        """Where a map is written, or would be."""
        ending = "." + re.sub(r"[:/\\]", "_", metric) + ".png"
        return self.folder / name.with_name(_shortened(name.name, len(ending)) + ending)

    def save(self, name: Path, metric: str, values: NDArray[np.float32]) -> Path:
        """Draw a map, and tell where.

        Args:
            name: A relative path.
            metric: Name of the metric's column; it must have a map.
            values: The map, shape (h, w).

        Raises:
            PictureError: If the file cannot be written; the next ones may still be saved.
        """
        scale = self._ranges[metric]
        if scale is None:
            raise ValueError(f"{metric} has no map")
        path = self.path(name, metric)
        save_map(values, scale, path)
        return path


def map_names(distorted: Callable[[], Iterable[File]]) -> Iterator[Path]:
    """A name for the maps of each pair of a run, in order: its distorted picture's, without their common folder.

    A picture that stands in several pairs has a number behind its name. That takes the memory of all names.

    Args:
        distorted: Goes through the distorted pictures; called twice.
    """
    shared: str | None = None
    for path in distorted():
        parent = str(_absolute(path).parent)
        shared = parent if shared is None else os.path.commonpath([shared, parent])
    taken: Counter[str] = Counter()
    for path in distorted():
        name = os.path.relpath(_absolute(path), shared)
        taken[name] += 1
        yield Path(name if taken[name] == 1 else f"{name}.{taken[name]}")


def _absolute(path: File) -> Path:
    if isinstance(path, Address):
        path = Path("/", path.replace("://", "/"))
    # Not Path.absolute(), which keeps "..": a map must not land outside the folder.
    return Path(os.path.abspath(path))  # noqa: PTH100


def _shortened(name: str, ending: int) -> str:
    """A name that, with its ending, file systems take: where too long, cut and told apart by a digest."""
    encoded = os.fsencode(name)
    if len(encoded) + ending <= _LONGEST_NAME:
        return name
    digest = hashlib.sha256(encoded).hexdigest()[:8]
    kept = encoded[: _LONGEST_NAME - ending - len(digest) - 1].decode(errors="ignore")
    return f"{kept}~{digest}"
