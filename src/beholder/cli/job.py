"""What a run scores, and what is to become of its rows."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, TypeAlias

from beholder.cli.console import say
from beholder.cli.progress import tell_event
from beholder.spec import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from beholder.images import File
    from beholder.scoring import ScoredPair, StoredScores
    from beholder.spec import MetricSpec

__all__ = ["FindMaps", "Job", "Wishes", "WritePage"]

FindMaps: TypeAlias = "Callable[[list[int]], dict[tuple[int, str], Path]]"
WritePage: TypeAlias = "Callable[[StoredScores, Path, FindMaps], None]"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Job:
    """What a run scores.

    Attributes:
        unit: What a row stands for, in the plural.
        rows: Number of rows.
        specs: The metrics' specifications, by the names of their columns.
        hash_pairs: What tells the run's pairs from others'; of videos, which the provenance names, nothing.
        added_to: Metrics of the table that the columns are added to.
        prepare: What goes before the first row: its name, its number of steps, and what does it and tells how
            many are done.
        stream: Starts to score, one row after another, behind so many that are scored already; rows may have their
            turn out of their order, but always the same.
        provenance: Where the numbers come from.
        complete: Makes the whole table of the rows and columns that the run has scored.
        map_names: A name for the heat maps of each row, as a path.
        write_page: Writes the page: scores, file, and what finds the saved heat maps of some rows, by the place of
            the row among these and the metric.
        maps_on_page: Whether the page wants heat maps.
    """

    unit: str
    rows: int
    specs: Mapping[str, MetricSpec]
    hash_pairs: Callable[[], str] = str
    added_to: tuple[str, ...] = ()
    prepare: tuple[str, int, Callable[[Callable[[int], object]], None]] | None = None
    stream: Callable[[int], Iterator[ScoredPair]]
    provenance: Callable[[], dict[str, object]]
    complete: Callable[[StoredScores], StoredScores] = lambda scores: scores
    map_names: Callable[[], Iterator[Path]]
    write_page: WritePage
    maps_on_page: bool


@dataclasses.dataclass(frozen=True)
class Wishes:
    """What is to become of a run's rows.

    Attributes:
        output: The table to write.
        report: The page to write.
        maps: The folder for heat maps.
        resume: Whether to go on with rows that an earlier run left.
        quiet: Whether to tell nothing.
        log_json: Whether to tell it in lines of JSON.
    """

    output: File | None = None
    report: File | None = None
    maps: Path | None = None
    resume: bool = False
    quiet: bool = False
    log_json: bool = False

    def check(self) -> None:
        """Refuse what contradicts itself.

        Raises:
            UsageError: If it does.
        """
        if self.resume and self.output is None:
            raise UsageError("--resume goes on with a table; name the one that was asked for with -o.")
        if self.quiet and self.log_json:
            raise UsageError("--quiet and --log-json exclude each other; leave out one.")

    def tell(self, text: str) -> None:
        """A line on standard error, in the form that was asked for."""
        if self.log_json:
            tell_event("note", text=text)
        elif not self.quiet:
            say(text)
