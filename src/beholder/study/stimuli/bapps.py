"""Stimuli from a folder as BAPPS lays it out; whether anybody judged yet does not matter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from beholder.spec import PairingError
from beholder.study.stimuli.found import FoundStimulus, list_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from beholder.study.design import Kind

__all__ = ["find_in_bapps"]

_RECORD = "distortions.parquet"  # of `beholder distort make`


def find_in_bapps(folder: Path, kind: Kind) -> list[FoundStimulus]:
    """The stimuli of all subsets in a folder.

    Args:
        folder: A subset, with ``p0`` and ``p1`` (and ``ref``) in it, or a folder with subsets at any depth.
        kind: ``2afc`` takes triplets; ``jnd`` takes pairs, and of triplets the reference with each candidate.

    Raises:
        PairingError: If there is none, or a file of one is missing.
    """
    if not folder.is_dir():
        raise PairingError(f"{folder}: no such folder; expected one as BAPPS lays it out.")
    subsets = sorted(place.parent for place in folder.rglob("p0") if place.is_dir())
    if kind == "2afc":
        subsets = [subset for subset in subsets if (subset / "ref").is_dir()]
    if not subsets:
        wanted = "ref, p0 and p1" if kind == "2afc" else "p0 and p1"
        raise PairingError(f"{folder}: holds no folder with {wanted}; expected one as BAPPS lays it out.")
    found: list[FoundStimulus] = []
    for subset in subsets:
        name = subset.relative_to(folder).as_posix() if subset != folder else folder.name
        found += _triplets(subset, name, kind) if (subset / "ref").is_dir() else _pairs(subset, name)
    return found


def _triplets(subset: Path, name: str, kind: Kind) -> Iterator[FoundStimulus]:
    files = _whole_rows(subset, ("ref", "p0", "p1"))
    told = _told(subset)
    for row, (reference, p0, p1) in files.items():
        condition0, condition1, group = told.get(row, (None, None, f"{name}/{row}"))
        if kind == "2afc":
            yield FoundStimulus(
                name=f"{name}/{row}",
                group=group,
                subset=name,
                reference=reference,
                p0=p0,
                p1=p1,
                condition0=condition0,
                condition1=condition1,
            )
            continue
        for side, picture, condition in (("p0", p0, condition0), ("p1", p1, condition1)):
            yield FoundStimulus(
                name=f"{name}/{row}/{side}",
                group=group,
                subset=name,
                p0=reference,
                p1=picture,
                condition1=condition,
            )


def _pairs(subset: Path, name: str) -> Iterator[FoundStimulus]:
    for row, (p0, p1) in _whole_rows(subset, ("p0", "p1")).items():
        yield FoundStimulus(name=f"{name}/{row}", group=f"{name}/{row}", subset=name, p0=p0, p1=p1)


def _whole_rows(subset: Path, parts: tuple[str, ...]) -> dict[str, tuple[Path, ...]]:
    files = {part: list_files(subset / part) for part in parts}
    every = sorted(set().union(*files.values()))
    for row in every:
        for part in parts:
            if row not in files[part]:
                other = next(files[each][row] for each in parts if row in files[each])
                raise PairingError(
                    f"{subset / part / row}: no such picture, though there is {other}; expected one in each of "
                    f"{', '.join(parts)}."
                )
    return {row: tuple(files[part][row] for part in parts) for row in every}


def _told(subset: Path) -> dict[str, tuple[str, str, str]]:
    """What was done to both candidates, and the photograph they were cut from, where the folder tells."""
    record = subset / _RECORD
    if not record.is_file():
        return {}
    try:
        table = pl.read_parquet(record, columns=["triplet", "p0_name", "p1_name", "photograph"])
    except (OSError, pl.exceptions.PolarsError) as error:
        raise PairingError(
            f"{record}: cannot be read: {' '.join(str(error).split())}. Remove it to go on without what it tells."
        ) from error
    return {f"{triplet:06d}": (p0, p1, photograph) for triplet, p0, p1, photograph in table.iter_rows()}
