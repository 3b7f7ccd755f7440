"""Columns added to a table that is there."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from beholder.scoring.manifest import Manifest, hash_names
from beholder.scoring.notes import Notes
from beholder.scoring.storing import parts_folder
from beholder.scoring.table import StoredScores
from beholder.spec import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from beholder.images import File

__all__ = ["Base"]

# What moves the numbers of all metrics; what else differs is told with the metrics that it holds for.
_SHARED = ("resize", "background", "max_pixels")
_NEW_ERROR = "\0error"  # no metric has that name
_OWN = (
    "beholder",
    "created",
    "torch",
    "engine",
    "device",
    "precision",
    "threads",
    "cluster",
    "workers",
    "command",
)


@dataclasses.dataclass(frozen=True)
class Base:
    """A table that columns are added to.

    Attributes:
        path: Its file.
        scores: What it holds.
    """

    path: File
    scores: StoredScores

    @classmethod
    def open(cls, path: File) -> Base:
        """Open a table, with nothing but its provenance read where it is Parquet.

        Raises:
            UsageError: If there is none, or it cannot be read.
            AddressError: If its address cannot be had.
        """
        if isinstance(path, Path) and not path.exists():
            raise UsageError(f"{path}: there is no such table; leave out --add to make it.")
        scores = StoredScores.open(path)
        if "video" in scores.provenance:
            raise UsageError(f"{path}: holds scores of videos; --add is for pictures.")
        return cls(path, scores)

    @property
    def metrics(self) -> tuple[str, ...]:
        """Its metrics."""
        return tuple(self.scores.provenance["metrics"])

    def check(self, asked: Mapping[str, Any]) -> None:
        """Refuse a run whose numbers could not stand beside the table's.

        Args:
            asked: The provenance of a run with the metrics that the table has already, or none.

        Raises:
            UsageError: If a setting differs, or a metric has other weights or options.
        """
        there = self.scores.provenance
        for key in _SHARED:
            if there[key] != asked[key]:
                raise UsageError(
                    f"{self.path}: was scored with {key} {there[key]!r}, now {asked[key]!r} is asked for; expected "
                    "the same. Name another table with -o."
                )
        for name, metric in asked["metrics"].items():
            before = there["metrics"][name]
            changed = [key for key in ("options", "object") if metric.get(key) != before.get(key)]
            changed += ["weights"] if _hashes(metric) != _hashes(before) else []
            if before.get("precision", there["precision"]) != metric.get("precision", asked["precision"]):
                changed.append("precision")
            if changed:
                raise UsageError(
                    f"{self.path}: has {name} with other {' and '.join(changed)}; expected the same. Name another table "
                    "with -o."
                )

    def clear_finished(self) -> None:
        """Remove the rows of a run whose columns the table has: it was killed before it could."""
        folder = parts_folder(self.path)
        manifest = Manifest.file(folder)
        if not manifest.exists():
            return
        with contextlib.suppress(
            ValueError, KeyError, TypeError
        ):  # of another format, which its run will be told
            stored = json.loads(manifest.read_text(encoding="utf-8"))
            if stored["added_to"] and set(stored["run"]["metrics"]) <= set(self.metrics):
                shutil.rmtree(folder)

    def check_pairs(self, rows: int, hashed: str) -> None:
        """Refuse pairs that are not the table's, in its order.

        Raises:
            UsageError: If they are not.
        """
        there = self.scores.provenance["rows"]
        if there != rows:
            raise UsageError(
                f"{self.path}: has {there:,} pairs, now {rows:,} are asked for; expected the same pairs."
            )
        digest = hashlib.sha256()
        for names in self.scores.frame.select("reference", "distorted").collect_batches(maintain_order=True):
            hash_names(digest, names.iter_rows())
        if digest.hexdigest() != hashed:
            raise UsageError(
                f"{self.path}: has other pairs than are asked for, or in another order; expected the same."
            )

    def complete(self, added: StoredScores) -> StoredScores:
        """The table with the columns that were added."""
        metrics = tuple(added.provenance["metrics"])
        before, now = pl.col("error"), pl.col(_NEW_ERROR)
        error = (
            pl.when(now.is_null())
            .then(before)
            .when(before.is_null())
            .then(now)
            .when(before.str.contains(now, literal=True))  # a file that cannot be read fails every metric
            .then(before)
            .otherwise(pl.concat_str(before, now, separator="; "))
        )
        both = [self.scores.frame, added.frame.select(*metrics, pl.col("error").alias(_NEW_ERROR))]
        frame = pl.concat(both, how="horizontal").select(
            "reference", "distorted", *self.metrics, *metrics, error.alias("error")
        )
        return StoredScores(frame, self._merge(added.provenance))

    def _merge(self, added: Mapping[str, Any]) -> dict[str, Any]:
        """One provenance; an added metric tells itself what of its run differs from the table's."""
        there = self.scores.provenance
        own = {key: added.get(key) for key in _OWN if added.get(key) != there.get(key)}
        notes = Notes()
        for told in (there, added):
            notes.add(told["warnings"], told.get("warnings_left_out", 0))
        metrics = {name: {**metric, **own} for name, metric in added["metrics"].items()}
        return {**there, "metrics": {**there["metrics"], **metrics}, **notes.as_dict()}


def _hashes(metric: Mapping[str, Any]) -> list[str]:
    return [file["sha256"] for file in metric["weights"]]
