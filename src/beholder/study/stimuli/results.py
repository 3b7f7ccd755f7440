"""Stimuli from folders of results, and from folders of strengths."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

from beholder.spec import PairingError
from beholder.study.stimuli.found import FoundStimulus, list_files

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from beholder.study.design import Kind

__all__ = ["find_levels", "find_results"]

_REFERENCE = "reference"


def find_results(reference: Path | None, conditions: Mapping[str, Path], kind: Kind) -> list[FoundStimulus]:
    """Stimuli of several conditions: every pair of them for each picture, or, for JND, each with the reference.

    Without a reference a JND stimulus is every pair of conditions.

    Args:
        reference: The folder of references, if there is one.
        conditions: Folders by the conditions' names; files belong together by name, endings aside.
        kind: What is asked.

    Raises:
        PairingError: If a folder or a file is missing.
    """
    folders = {name: list_files(folder) for name, folder in conditions.items()}
    references = None if reference is None else list_files(reference)
    names = sorted(references if references is not None else next(iter(folders.values())))
    for condition, files in folders.items():
        _check_same_names(names, files, conditions[condition], reference or next(iter(conditions.values())))
    if kind == "jnd" and references is not None:
        return [
            FoundStimulus(
                name=f"{name}/{condition}",
                group=name,
                p0=references[name],
                p1=files[name],
                condition1=condition,
            )
            for name in names
            for condition, files in folders.items()
        ]
    return [
        FoundStimulus(
            name=f"{name}/{first}/{second}",
            group=name,
            reference=None if references is None or kind == "jnd" else references[name],
            p0=folders[first][name],
            p1=folders[second][name],
            condition0=first,
            condition1=second,
        )
        for name in names
        for first, second in itertools.combinations(folders, 2)
    ]


def find_levels(folder: Path) -> list[FoundStimulus]:
    """Pairs of a reference and a version of it, of ``reference/`` and of folders whose names are strengths.

    Raises:
        PairingError: If a folder is missing, is no strength, or lacks a picture.
    """
    if not (folder / _REFERENCE).is_dir():
        raise PairingError(
            f"{folder / _REFERENCE}: no such folder; expected references there, and versions of them in folders named by strength."
        )
    references = list_files(folder / _REFERENCE)
    found = []
    for place in sorted(each for each in folder.iterdir() if each.is_dir() and each.name != _REFERENCE):
        strength = _strength(place)
        files = list_files(place)
        _check_same_names(sorted(references), files, place, folder / _REFERENCE)
        found += [
            FoundStimulus(
                name=f"{name}/{strength:g}",
                group=name,
                p0=path,
                p1=files[name],
                condition1=folder.name,
                strength=strength,
            )
            for name, path in references.items()
        ]
    if len({each.strength for each in found}) < 2:
        raise PairingError(f"{folder}: holds fewer than 2 folders of strengths; thresholds need several.")
    return sorted(found, key=lambda each: (each.group, each.strength or 0))


def _strength(place: Path) -> float:
    try:
        strength = float(place.name)
    except ValueError:
        strength = math.nan
    if not math.isfinite(strength):
        raise PairingError(f"{place}: its name is no number; expected a strength, such as 0.25.")
    return strength


def _check_same_names(names: list[str], files: Mapping[str, Path], folder: Path, other: Path) -> None:
    missing = [name for name in names if name not in files]
    more = sorted(files.keys() - set(names))
    if missing:
        raise PairingError(
            f"{folder}: lacks {len(missing)} of {len(names)} pictures, such as {missing[0]!r}, which is in {other}."
        )
    if more:
        raise PairingError(
            f"{folder}: holds {len(more)} pictures too many, such as {more[0]!r}, which is not in {other}."
        )
