"""`beholder score` on pairs of pictures."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from beholder.cli.console import progress_bar, say
from beholder.cli.job import Job
from beholder.cli.runs import tell_passing
from beholder.spec import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from beholder.cli.job import FindMaps
    from beholder.images import File, Pairs
    from beholder.scoring import Settings, StoredScores
    from beholder.scoring.adding import Base
    from beholder.scoring.cluster import Cluster

__all__ = ["PairOptions", "find_pairs", "picture_job"]

_SHOWN = 10
_ROWS_ON_PAGE = 10_000


@dataclasses.dataclass(frozen=True)
class PairOptions:
    """What the command is told of pictures only.

    Attributes:
        pairs: A list of pairs.
        one_reference: Whether one reference is compared with every picture of a folder.
        allow_unmatched: Whether pictures without a partner are left out.
        add: Whether columns are added to a table that is there.
        cluster: Whether a cluster scores.
    """

    pairs: File | None = None
    one_reference: bool = False
    allow_unmatched: bool = False
    add: bool = False
    cluster: bool = False

    def refuse(self) -> None:
        """Refuse what is told of pictures where there are videos.

        Raises:
            UsageError: If anything is.
        """
        if self.pairs or self.one_reference or self.allow_unmatched or self.add or self.cluster:
            raise UsageError(
                "--pairs, --one-reference, --allow-unmatched, --add and --cluster are for pictures; leave them out."
            )


def find_pairs(
    reference: File | None,
    distorted: File | None,
    options: PairOptions,
    tell: Callable[[str], object] = say,
    *,
    quiet: bool = False,
) -> Pairs:
    """The pairs that the command is asked to score; those without a partner are told, if they are allowed.

    Unless ``quiet``, a bar shows how many shards are looked through.

    Raises:
        UsageError: If it is not clear which are asked for.
        PairingError: If they cannot be had.
    """
    from beholder.images import pair_paths, read_pairs
    from beholder.images.shards import SHARD_ENDINGS

    if options.pairs is not None:
        if reference is not None or options.one_reference:
            raise UsageError(
                "--pairs names the files itself; leave out REFERENCE, DISTORTED and --one-reference."
            )
        if not options.pairs.name.lower().endswith(SHARD_ENDINGS):
            return read_pairs(options.pairs)
        with progress_bar("shards", quiet=quiet) as bar:
            return read_pairs(options.pairs, tell=tell_passing(bar, "looking through", "shards"))
    if reference is None or distorted is None:
        raise UsageError(
            "name REFERENCE and DISTORTED (files or folders), or --pairs FILE. See beholder score -h."
        )
    found = pair_paths(
        reference,
        distorted,
        one_reference=options.one_reference,
        allow_unmatched=options.allow_unmatched,
    )
    for side, files in (("reference", found.unmatched_references), ("distorted", found.unmatched_distorted)):
        if files:
            more = f" and {len(files) - _SHOWN} more" if len(files) > _SHOWN else ""
            tell(
                f"{len(files)} {side} pictures without a partner: {', '.join(map(str, files[:_SHOWN]))}{more}"
            )
    return found


def picture_job(
    pairs: Pairs,
    metrics: Sequence[str],
    settings: Settings,
    *,
    maps: bool,
    add_to: File | None = None,
    cluster: Cluster | None = None,
    tell: Callable[[str], object] = say,
) -> Job:
    """The job of scoring pairs of pictures, after fetching the weights that are missing.

    Args:
        pairs: The pairs.
        metrics: Catalogue names, with options if wished.
        settings: How to score.
        maps: Whether heat maps are wanted.
        add_to: A table of the same pairs that the columns are added to; what it has is not scored again.
        cluster: What scores; it is joined before the job starts. By default this process.
        tell: Called with what the user should know.

    Raises:
        UsageError: If a metric is unknown, or the columns cannot stand beside the table's.
        typer.Exit: If the table has them all.
        WeightsError: If weights cannot be had.
    """
    from beholder.cli.weights import fetch_missing
    from beholder.reports import map_names
    from beholder.scoring import Scorer
    from beholder.scoring.adding import Base
    from beholder.scoring.manifest import hash_pairs
    from beholder.scoring.memory import limit_memory
    from beholder.scoring.planner import plan_after

    limit_memory()
    fetch_missing(list(metrics))
    base = None
    if add_to is not None:
        base = Base.open(add_to)
        base.clear_finished()
        metrics = _missing(base, metrics, settings, tell)
        base.check_pairs(len(pairs), hash_pairs(pairs.after(0)))
    scorer = Scorer(metrics, settings, maps=maps)
    if base is not None:
        base.check(scorer.provenance() | {"metrics": {}})
    return Job(
        unit="pairs",
        rows=len(pairs),
        specs={name: metric.spec for name, metric in scorer.metrics.items()},
        hash_pairs=lambda: hash_pairs(pairs.after(0)),
        added_to=base.metrics if base else (),
        complete=base.complete if base else lambda scores: scores,
        stream=lambda done: (
            cluster.stream(scorer, pairs, done, metrics=metrics, maps=maps)
            if cluster
            else scorer.stream_planned(plan_after(pairs, done))
        ),
        provenance=lambda: scorer.provenance() | (cluster.provenance() if cluster else {}),
        map_names=lambda: map_names(lambda: (pair.distorted for pair in pairs.after(0))),
        write_page=_write_page,
        maps_on_page=True,
    )


def _missing(
    base: Base, metrics: Sequence[str], settings: Settings, tell: Callable[[str], object]
) -> list[str]:
    """The metrics that a table lacks; those that it has must be the same."""
    from beholder.scoring import Scorer

    there = [name for name in metrics if name in base.metrics]
    if there:
        base.check(Scorer(there, settings).provenance())
        tell(f"{base.path}: has {', '.join(there)} already, with the same weights and settings")
    missing = [name for name in metrics if name not in base.metrics]
    if not missing:
        raise typer.Exit
    return missing


def _write_page(scores: StoredScores, path: Path, find_maps: FindMaps) -> None:
    """The page of scores of pictures, with the rows that are least alike."""
    from beholder.reports import write_score_page

    table, rows = scores.worst(_ROWS_ON_PAGE)
    write_score_page(table, path, maps=find_maps(rows), whole=scores)
