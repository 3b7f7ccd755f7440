"""What a run is: enough to tell whether rows that are kept belong to it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import TYPE_CHECKING, Any

from beholder.scoring.pairs import as_text
from beholder.scoring.writing import replacing
from beholder.spec import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from beholder.images import Pair

__all__ = ["PASSING", "Manifest", "hash_names", "hash_pairs"]

_FORMAT = 2
_NAME = "manifest.json"
# What differs from one sitting to the next and moves no number.
PASSING = ("created", "threads", "cluster", "workers")
_TOLD = 4  # differences in an error


@dataclasses.dataclass(frozen=True)
class Manifest:
    """What a run scores, and how.

    Attributes:
        run: Its provenance as it starts: versions, settings, metrics with their options and weights.
        rows: Number of its rows.
        pairs: SHA-256 of the names of its pairs, see `hash_pairs`; of videos, which ``run`` names, nothing.
        added_to: Metrics of the table that it adds columns to.
    """

    run: Mapping[str, Any]
    rows: int
    pairs: str = ""
    added_to: tuple[str, ...] = ()

    def write(self, folder: Path) -> None:
        """Write it into a folder of parts, whole or not at all.

        Raises:
            OSError: If the disk is full, or does not let it be written.
        """
        with replacing(folder / _NAME) as partial:
            partial.write_text(json.dumps(self._as_dict(), indent=1, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def file(cls, folder: Path) -> Path:
        """Where it stands in a folder of parts."""
        return folder / _NAME

    def check(self, folder: Path) -> None:
        """Refuse rows that another run left in a folder.

        Raises:
            UsageError: If the manifest there differs, with what differs, or cannot be read.
        """
        try:
            stored = json.loads(self.file(folder).read_text(encoding="utf-8"))
            differences = list(_differences(stored, json.loads(json.dumps(self._as_dict()))))
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise UsageError(
                f"{self.file(folder)}: cannot be read: {error}. Remove the folder to score from the start."
            ) from error
        if differences:
            more = f"; and {len(differences) - _TOLD} more" if len(differences) > _TOLD else ""
            raise UsageError(
                f"{folder}: was left by another run: {'; '.join(differences[:_TOLD])}{more}. Ask for what that run "
                "was asked for, or remove the folder to score from the start."
            )

    def _as_dict(self) -> dict[str, Any]:
        run = {key: value for key, value in self.run.items() if key not in PASSING}
        return {"format": _FORMAT, **dataclasses.asdict(self), "run": run}


def hash_pairs(pairs: Iterable[Pair]) -> str:
    """SHA-256 of the names of pairs, as a table holds them, in their order."""
    digest = hashlib.sha256()
    hash_names(digest, ((as_text(pair.reference), as_text(pair.distorted)) for pair in pairs))
    return digest.hexdigest()


def hash_names(digest: hashlib._Hash, names: Iterable[tuple[str, str]]) -> None:
    """Add names of pairs, as a table holds them, to a hash."""
    for reference, distorted in names:
        digest.update(f"{reference}\0{distorted}\0".encode())


def _differences(stored: dict[str, Any], asked: dict[str, Any]) -> Iterator[str]:
    """What differs, in words, the most telling first."""
    if stored["format"] != asked["format"]:
        yield f"its format is {stored['format']}, this version writes {asked['format']}"
        return
    before, now = stored["run"], asked["run"]
    yield from _metric_differences(before["metrics"], now["metrics"])
    for key in {**before, **now}:
        if key != "metrics" and before.get(key) != now.get(key):
            yield f"its {key} is {json.dumps(before.get(key))}, now {json.dumps(now.get(key))}"
    if stored["rows"] != asked["rows"]:
        yield f"it has {stored['rows']:,} rows to score, now {asked['rows']:,}"
    elif stored["pairs"] != asked["pairs"]:
        yield "its pairs are others, or stand in another order"
    if stored["added_to"] != asked["added_to"]:
        yield f"the table that it adds to had {', '.join(stored['added_to']) or 'no metrics'}"


def _metric_differences(before: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    for name in {**before, **now}:
        if name not in now:
            yield f"it has the metric {name}"
        elif name not in before:
            yield f"it lacks the metric {name}"
        elif changed := [
            key for key in {**before[name], **now[name]} if before[name].get(key) != now[name].get(key)
        ]:
            yield f"its {name} has other {' and '.join(changed)}"
            if all(str(each.get("engine")).startswith("openvino") for each in (before[name], now[name])):
                yield "OpenVINO draws no heat maps (--maps, --report): was that run asked for them, and this one?"
    if set(before) == set(now) and list(before) != list(now):
        yield f"its metrics stand in another order: {', '.join(before)}"
