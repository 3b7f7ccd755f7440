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
    from collections.abc import Callable, Iterable, Iterator, Mapping

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
        place: Where a row of ``scored`` stands in the whole table.
    """

    def __init__(
        self,
        specs: Mapping[str, MetricSpec],
        folder: Path | None,
        for_page: Path | None,
        names: Iterable[Path],
        scored: StoredScores,
        place: Callable[[int], int],
    ) -> None:
        from beholder.reports import MapFolder
        from beholder.scoring.planner import first_of_window

        self._folder = MapFolder(folder, specs) if folder else None
        self._page = MapFolder(for_page, specs) if for_page else None
        self._place = place
        # Rows have their turn out of order, but never beyond their window.
        self._following = first_of_window(scored.provenance["rows"])
        self._coming = itertools.islice(names, self._following, None) if folder else itertools.repeat(Path())
        self._names: dict[int, Path] = {}
        self._metrics = list(specs)
        self._first = self._metrics[0]
        self._sign = -1 if specs[self._first].direction == "higher" else 1
        self._worst: list[tuple[float, int]] = []
        self.drawn = False
        if for_page:
            before, positions = scored.worst(_MOST_ON_PAGE)
            for row, score in zip(map(place, positions), before.frame[self._first].to_list(), strict=True):
                self._keep(row, score)

    def draw(self, scored: ScoredPair) -> Iterator[str]:
        """Save the maps of the row whose turn it is, and tell which could not be."""
        row = scored.index
        while self._following <= row:
            self._names[self._following] = next(self._coming)
            self._following += 1
        name = self._names.pop(row)
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
        """The saved maps of some of the rows that are there, by their place in what is given and metric."""
        if self._page is None:
            return {}
        wanted = [
            (number, metric, self._page.path(Path(str(self._place(row))), metric))
            for (number, row), metric in itertools.product(enumerate(rows), list(metrics))
        ]
        return {(number, metric): path for number, metric, path in wanted if path.is_file()}

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
