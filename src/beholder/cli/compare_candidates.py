"""What `beholder compare` compares: models and folders of results, each under a name, and pictures that all of them have."""

from __future__ import annotations

import dataclasses
import unicodedata
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from beholder.cli.console import say
from beholder.spec import PairingError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from beholder.images import Pairing

__all__ = ["INPUT", "REFERENCE", "Candidate", "Photo", "Plan", "name_candidates", "plan_photos"]

INPUT, REFERENCE = "input", "reference"
_SHOWN = 10


@dataclasses.dataclass(frozen=True)
class Candidate:
    """What is compared.

    Attributes:
        name: What it is called.
        given: What the user wrote.
        path: The model's file, or the folder or the picture of results.
        is_model: Whether it is a model.
    """

    name: str
    given: str
    path: Path
    is_model: bool


@dataclasses.dataclass(frozen=True)
class Photo:
    """A picture that all candidates have, or make.

    Attributes:
        name: Its path below the folder, without its ending.
        file: The original.
        place: Its place among the folder's pictures, from which chance starts as in `beholder degrade`.
        spoilt: Its input, where that is a file.
        results: Files of results, by candidate.
    """

    name: str
    file: Path
    place: int
    spoilt: Path | None
    results: Mapping[str, Path]


@dataclasses.dataclass(frozen=True)
class Plan:
    """What is compared on what.

    Attributes:
        photos: The pictures, one at least.
        left_out: What has no partner, by whose it is: allowed, and told.
    """

    photos: tuple[Photo, ...]
    left_out: Mapping[str, tuple[Path, ...]]


def name_candidates(given: Sequence[str]) -> list[Candidate]:
    """Models and folders that the user wrote, each with a name of its own.

    A model that comes with the package goes by its name, a file by its own or, if that is ``model``, by its folder's; where
    two would have the same name, or one that of the input or the reference, all go by what was written.

    Raises:
        UsageError: If one is neither a model nor a folder nor a picture, or is named twice.
    """
    sorted_out = [_sort_out(each) for each in given]
    counts = Counter(candidate.name for candidate in sorted_out)
    if max(counts.values()) > 1 or counts.keys() & {INPUT, REFERENCE}:
        sorted_out = [dataclasses.replace(candidate, name=candidate.given) for candidate in sorted_out]
        counts = Counter(candidate.name for candidate in sorted_out)
    for name, count in counts.items():
        if count > 1 or name in (INPUT, REFERENCE):
            taken = (
                "is named twice; name each once"
                if count > 1
                else f"would be taken for the {name} itself; write ./{name} for the folder"
            )
            raise UsageError(f"{name}: {taken}.")
    return sorted_out


def _sort_out(given: str) -> Candidate:
    from beholder.images import PICTURE_SUFFIXES
    from beholder.training.shipped import find_model, shipped_models

    path = Path(given)
    if given in shipped_models():
        if path.is_dir():
            say(f"{given}: is taken as the model that comes with Beholder; write ./{given} for the folder")
        return Candidate(given, given, shipped_models()[given], is_model=True)
    if path.is_dir():
        if (path / "model.safetensors").is_file():
            raise UsageError(
                f"{given}: is the folder of a training run; expected a model or a folder of pictures; name its model, "
                f"{path / 'model.safetensors'}."
            )
        return Candidate(path.resolve().name or given, given, path, is_model=False)
    if path.suffix.lower() in PICTURE_SUFFIXES:
        return Candidate(path.stem, given, path, is_model=False)
    file = find_model(given)
    if not file.is_file():
        raise UsageError(
            f"{given}: is not there; expected one of `beholder models`, a model.safetensors, or a folder of pictures."
        )
    return Candidate(
        path.resolve().parent.name if path.stem == "model" else path.stem, given, file, is_model=True
    )


def plan_photos(
    photos: Path,
    candidates: Sequence[Candidate],
    inputs: Path | None = None,
    *,
    allow_unmatched: bool = False,
    tell: Callable[[str], object] = say,
) -> Plan:
    """Find the pictures that the originals, the inputs and all folders of results share, by name as `beholder score` does.

    Args:
        photos: The originals: a picture, or a folder of them.
        candidates: What is compared.
        inputs: The spoilt pictures, where they are files.
        allow_unmatched: Leave out, for all, what some folder has no partner for.
        tell: Called with what is left out.

    Raises:
        PairingError: If a picture has no partner and that is not allowed, or none is left.
        UsageError: If a file and a folder meet.
    """
    from beholder.data.kmeans import list_pictures
    from beholder.images import pair_paths

    originals = [Path(pair.reference) for pair in pair_paths(photos, photos).pairs]
    sides = {candidate.name: candidate.path for candidate in candidates if not candidate.is_model}
    if inputs is not None:
        sides[INPUT] = inputs
    files: dict[str, dict[Path, Path]] = {}
    left_out: dict[str, tuple[Path, ...]] = {}
    for name, folder in sides.items():
        found = _pair(photos, folder, name, allow_unmatched=allow_unmatched)
        files[name] = {Path(pair.reference): Path(pair.distorted) for pair in found.pairs}
        _tell(found, name, tell)
        left_out |= (
            {f"{name} lacks": tuple(map(Path, found.unmatched_references))}
            if found.unmatched_references
            else {}
        )
        left_out |= (
            {f"only {name} has": tuple(map(Path, found.unmatched_distorted))}
            if found.unmatched_distorted
            else {}
        )
    shared = [file for file in originals if all(file in there for there in files.values())]
    if not shared:
        raise PairingError(
            f"{photos}: no picture is in all of {', '.join(map(str, sides.values()))}; expected equal names, endings aside."
        )
    listed = list_pictures(photos) if photos.is_dir() else [photos]
    places = {file: place for place, file in enumerate(listed)}
    return Plan(
        tuple(
            Photo(
                name=_name(file, photos),
                file=file,
                # A linked folder is searched for pairs, but not by what numbers the pictures.
                place=places.get(file, len(places) + row),
                spoilt=files[INPUT][file] if inputs is not None else None,
                results={name: there[file] for name, there in files.items() if name != INPUT},
            )
            for row, file in enumerate(shared)
        ),
        left_out,
    )


def _pair(photos: Path, folder: Path, name: str, *, allow_unmatched: bool) -> Pairing:
    from beholder.images import pair_paths

    try:
        return pair_paths(photos, folder, allow_unmatched=allow_unmatched)
    except (PairingError, UsageError) as error:
        raise type(error)(f"{name}, of {folder}: {error}") from error


def _tell(found: Pairing, name: str, tell: Callable[[str], object]) -> None:
    for files, what in (
        (
            found.unmatched_references,
            f"lacks {len(found.unmatched_references)} of the originals, left out for all",
        ),
        (
            found.unmatched_distorted,
            f"has {len(found.unmatched_distorted)} pictures without an original, left out",
        ),
    ):
        if files:
            more = f" and {len(files) - _SHOWN} more" if len(files) > _SHOWN else ""
            tell(f"{name} {what}: {', '.join(map(str, files[:_SHOWN]))}{more}")


def _name(file: Path, photos: Path) -> str:
    below = file.relative_to(photos) if photos.is_dir() else Path(file.name)
    return unicodedata.normalize("NFC", below.with_suffix("").as_posix())
