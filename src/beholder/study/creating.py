"""A study made of its design: pictures gathered and checked, tables filled."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import math
import shutil
import tempfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image
from sqlalchemy import func, insert, select

from beholder.spec import PairingError, ShapeError, StoringError, UsageError
from beholder.study.database import Database, now
from beholder.study.design.texts import find_unstorable
from beholder.study.folder import StudyFolder
from beholder.study.models import Event, Picture, Stimulus, Study
from beholder.study.stimuli.bapps import find_in_bapps
from beholder.study.stimuli.found import FoundStimulus, Noisy
from beholder.study.stimuli.known import add_known, add_noise
from beholder.study.stimuli.results import find_levels, find_results

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from beholder.study.design import Design
    from beholder.study.stimuli.found import Pixels, Source

__all__ = ["create_study", "find_stimuli", "observers_needed"]


def find_stimuli(design: Design) -> list[FoundStimulus]:
    """What is judged, by files.

    Raises:
        PairingError: If a folder or a picture is missing.
    """
    sources = design.stimuli
    if sources.bapps is not None:
        return find_in_bapps(sources.bapps, design.kind)
    if sources.levels is not None:
        return find_levels(sources.levels)
    return find_results(sources.reference, sources.conditions, design.kind)


def observers_needed(design: Design, stimuli: int) -> int:
    """How many observers give each stimulus its votes, if they do all of their sessions."""
    each, all_votes = design.session.trials * design.session.sessions, design.votes * stimuli
    if design.sampling == "quest+":  # the only one in which an observer sees a stimulus again
        return math.ceil(all_votes / each)
    return max(design.votes, math.ceil(all_votes / min(each, stimuli)))


def create_study(
    design: Design,
    path: str | Path,
    decode: Callable[[Path], Pixels],
    *,
    database: str | None = None,
    tell: Callable[[int, int], object] = lambda _done, _total: None,
) -> StudyFolder:
    """Make a study, whole or not at all.

    Args:
        design: What is asked.
        path: The folder to make; it must not be there, or be empty.
        decode: Reads a picture, shape (H, W, 3), uint8, RGB, sRGB-encoded.
        database: Where answers go; by default to SQLite in the folder.
        tell: Called with the number of pictures that are stored, and of all.

    Raises:
        UsageError: If the folder is not empty, the day of retention is past, or the database holds a study.
        PairingError: If a picture is missing.
        PictureError: If one cannot be read.
        ShapeError: If those of a trial differ in size.
        StoringError: If the folder or the database cannot be written to.
    """
    path = Path(path)
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise UsageError(f"{path}: is there already and is not empty; name another folder for the study.")
    _check_retention(design)
    judged = find_stimuli(design)
    _check_trials(judged, design)
    _check_names(judged)
    every = [*judged, *add_known(judged, design, decode)]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as unfinished:
            folder = StudyFolder(Path(unfinished) / path.name)
            folder.path.mkdir(mode=0o700)  # what people answer is nobody else's to read
            pictures = _store(every, folder, decode, tell)
            _check_sizes(every, pictures)
            name = uuid.uuid4().hex
            where = "sqlite" if database is None else Database(database).name
            folder.write(name, design, len(judged), where)
            address = (
                f"sqlite:///{folder.path.absolute() / 'answers.sqlite'}" if database is None else database
            )
            _fill(address, name, design, every, pictures)
            if path.exists():
                path.rmdir()
            shutil.move(folder.path, path)
    except OSError as error:
        raise StoringError(f"{path}: cannot be written to: {error.strerror or error}.") from error
    return StudyFolder(path)


def _check_retention(design: Design) -> None:
    if design.retention <= dt.datetime.now(dt.UTC).date():
        raise UsageError(
            f"retention is {design.retention}; expected a day to come, on which what observers told of themselves is deleted."
        )


def _check_trials(judged: Sequence[FoundStimulus], design: Design) -> None:
    if design.sampling != "quest+" and len(judged) < design.session.trials:
        raise PairingError(
            f"there are {len(judged)} stimuli, fewer than the {design.session.trials} trials of a session, and nobody "
            f"judges one twice; expected more stimuli, or session.trials={len(judged)} (repetitions are apart)."
        )


def _check_names(judged: Sequence[FoundStimulus]) -> None:
    for each in judged:
        if found := find_unstorable(
            [each.name, each.group, each.subset, each.condition0, each.condition1], "its name"
        ):
            raise PairingError(
                f"{each.name!a}: {found}, which cannot be stored; rename its files, or folders, in UTF-8."
            )


def _store(
    found: Sequence[FoundStimulus],
    folder: StudyFolder,
    decode: Callable[[Path], Pixels],
    tell: Callable[[int, int], object],
) -> dict[Source, Picture]:
    sources = list(dict.fromkeys(source for each in found for source in each.sources.values()))
    stored: dict[Source, Picture] = {}
    for done, source in enumerate(sources):
        tell(done, len(sources))
        pixels = decode(source.path if isinstance(source, Noisy) else source)
        if isinstance(source, Noisy):
            pixels = add_noise(pixels, source.seed)
        encoded = io.BytesIO()
        Image.fromarray(pixels).save(encoded, "PNG")
        digest = hashlib.sha256(encoded.getvalue()).hexdigest()
        place = folder.picture(digest)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(encoded.getvalue())
        stored[source] = Picture(digest=digest, width=pixels.shape[1], height=pixels.shape[0])
    tell(len(sources), len(sources))
    return stored


def _check_sizes(found: Sequence[FoundStimulus], pictures: dict[Source, Picture]) -> None:
    for each in found:
        (first, one), *others = each.sources.items()
        expected = pictures[one]
        for role, source in others:
            size = pictures[source]
            if (size.width, size.height) != (expected.width, expected.height):
                raise ShapeError(
                    f"{source}: found {size.width}x{size.height} pixels ({role} of {each.name}); expected "
                    f"{expected.width}x{expected.height} as in {one} ({first}); pictures of a trial must be of one size."
                )


def _fill(
    address: str, name: str, design: Design, found: Sequence[FoundStimulus], pictures: dict[Source, Picture]
) -> None:
    database = Database(address)
    try:
        database.upgrade()
        with database.writing() as transaction:
            if transaction.scalar(select(func.count()).select_from(Study)):
                raise UsageError(f"{database.name}: holds a study already; name another database.")
            moment = now()
            told = design.model_dump(mode="json")
            transaction.add(Study(id=1, uuid=name, state="open", created=moment, design=told))
            transaction.add(
                Event(at=moment, who="experimenter", what="created", detail={"stimuli": len(found)})
            )
            distinct = {each.digest: each for each in pictures.values()}
            rows = [
                {"digest": each.digest, "width": each.width, "height": each.height}
                for each in distinct.values()
            ]
            transaction.execute(insert(Picture), rows)
            transaction.execute(insert(Stimulus), [_row(each, pictures) for each in found])
    finally:
        database.close()


def _row(found: FoundStimulus, pictures: dict[Source, Picture]) -> dict[str, object]:
    names = ("name", "purpose", "group", "subset", "condition0", "condition1", "strength", "expected")
    digests = {role: pictures[source].digest for role, source in found.sources.items()}
    return {name: getattr(found, name) for name in names} | {"reference": None} | digests
