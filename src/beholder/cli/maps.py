"""Heat maps of a run: all of them in the user's folder, and those of the worst rows for the page."""

from __future__ import annotations

import heapq
import itertools
import math
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from beholder.spec import BeholderError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from beholder.scoring import ScoredPair, StoredScores
    from beholder.spec import MetricSpec

__all__ = ["Maps"]

_MOST_ON_PAGE = 1000


class Maps:
    """Draws the maps of rows as they are scored.

    Args:
        specs: The metrics' specifications, by the names of their columns.
        folder: The user's folder, if maps are asked for.
        for_page: A folder for the maps that a page shows, if one is asked for; it keeps those of a thousand rows,
            the least alike by the first metric.
        names: A name in the user's folder for each row of the run.
        scored: The rows that were scored before, when the run goes on.
    """

    def __init__(
        self,
        specs: Mapping[str, MetricSpec],
        folder: Path | None,
        for_page: Path | None,
        names: Iterable[Path],
        scored: StoredScores,
    ) -> None:
        from beholder.reports import MapFolder

        self._folder = MapFolder(folder, specs) if folder else None
        self._page = MapFolder(for_page, specs) if for_page else None
        self._row = scored.provenance["rows"]
        self._names = itertools.islice(names, self._row, None) if folder else itertools.repeat(Path())
        self._metrics = list(specs)
        self._first = self._metrics[0]
        self._sign = -1 if specs[self._first].direction == "higher" else 1
        self._worst: list[tuple[float, int]] = []
        self.drawn = False
        if for_page:
            before, places = scored.worst(_MOST_ON_PAGE)
            for row, score in zip(places, before.frame[self._first].to_list(), strict=True):
                self._keep(row, score)

    def draw(self, scored: ScoredPair) -> Iterator[str]:
        """Save the maps of the next row, and tell which could not be."""
        row, name = self._row, next(self._names)
        self._row += 1
        on_page = self._page if self._page and self._keep(row, scored.scores[self._first]) else None
        for metric, values in scored.maps.items():
            try:
                saved = self._folder.save(name, metric, values) if self._folder else None
                self.drawn |= saved is not None
                if on_page and saved:
                    on_page.folder.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(saved, on_page.path(Path(str(row)), metric))
                elif on_page:
                    on_page.save(Path(str(row)), metric, values)
            except (BeholderError, OSError) as error:
                yield f"{scored.as_row()['distorted']}: no heat map of {metric}: {error}"

    def on_page(self, rows: Iterable[int], metrics: Iterable[str]) -> dict[tuple[int, str], Path]:
        """The saved maps of some rows of the run, by their place in what is given and metric."""
        if self._page is None:
            return {}
        wanted = [
            (place, metric, self._page.path(Path(str(row)), metric))
            for (place, row), metric in itertools.product(enumerate(rows), list(metrics))
        ]
        return {(place, metric): path for place, metric, path in wanted if path.is_file()}

    def _keep(self, row: int, score: float | None) -> bool:
        """Whether a row is among the worst so far; the maps of the one that no longer is are removed."""
        badness = -math.inf if score is None else self._sign * score
        heapq.heappush(self._worst, (badness, -row))
        if len(self._worst) <= _MOST_ON_PAGE:
            return True
        dropped = -heapq.heappop(self._worst)[1]
        if self._page and dropped != row:
            for metric in self._metrics:
                self._page.path(Path(str(dropped)), metric).unlink(missing_ok=True)
        return dropped != row
