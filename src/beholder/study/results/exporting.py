"""A study's votes in the forms that others read; nothing that tells who gave them."""

from __future__ import annotations

import dataclasses
import re
import shutil
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from sqlalchemy import select

from beholder.data.judged import JndPair, PictureFile, Triplet, write_judgements
from beholder.spec import StoringError, UsageError
from beholder.study.models import Stimulus
from beholder.study.results.observers import examine_observers, votes
from beholder.study.results.shares import shares_of_stimuli, tell_wins

if TYPE_CHECKING:
    from collections.abc import Callable

    from beholder.data.judged import Row
    from beholder.study.database import Database
    from beholder.study.folder import StudyFolder

__all__ = ["Exported", "export_study"]

_LEVELS = {"2afc", "jnd", "train", "val", "test"}  # names of folders that tell BAPPS's readers something


@dataclasses.dataclass(frozen=True, kw_only=True)
class Exported:
    """What was written.

    Attributes:
        stimuli: How many have votes, and are in the tables.
        without: How many have none.
        answers: Rows of ``answers.csv``.
        forms: The names of what was written, in the folder.
    """

    stimuli: int
    without: int
    answers: int
    forms: list[str]


def export_study(
    folder: StudyFolder,
    database: Database,
    answers: pl.DataFrame,
    path: Path,
    *,
    tell: Callable[[int, int], object] = lambda _done, _total: None,
) -> Exported:
    """Write what people answered, whole or not at all.

    ``answers.csv`` and ``answers.parquet`` hold each answer, of observers by their pseudonyms; ``stimuli.csv`` each stimulus's votes;
    ``comparisons.csv``, of a study that compares conditions, how often each was preferred to each other. Where each
    trial had a reference, or asked whether two pictures are the same, ``judgements.parquet`` holds the pictures and shares of
    votes, as `beholder.data.judged` has them, and ``2afc/`` or ``jnd/`` the same as BAPPS lays it out. A tie is half a vote.

    Args:
        folder: The study.
        database: Its answers.
        answers: Of `beholder.study.results.read_answers`.
        path: The folder to make; it must not be there, or be empty.
        tell: Called with the number of stimuli that are written, and of all.

    Raises:
        UsageError: If the folder is not empty, or there is no vote that counts.
        StoringError: If it cannot be written.
    """
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise UsageError(f"{path}: is there already and is not empty; name another folder.")
    design = folder.design
    observers = examine_observers(answers, design)
    counted = votes(answers, observers)
    if not len(counted):
        raise UsageError(f"{folder.path}: has no answer yet that counts; there is nothing to export.")
    shares = shares_of_stimuli(counted)
    with database.reading() as transaction:
        query = select(Stimulus).where(Stimulus.purpose == "judged")
        stimuli = {each.name: each for each in transaction.scalars(query)}
    told = _without_words(answers, observers)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as unfinished:
            place = Path(unfinished) / path.name
            place.mkdir()
            told.write_csv(place / "answers.csv")
            told.write_parquet(place / "answers.parquet")
            shares.write_csv(place / "stimuli.csv")
            forms = ["answers.csv", "answers.parquet", "stimuli.csv"]
            if design.kind != "jnd" and design.stimuli.conditions:
                tell_wins(counted).write_csv(place / "comparisons.csv")
                forms.append("comparisons.csv")
            rows = [_row(folder, stimuli[each["stimulus"]], each, design.kind) for each in shares.to_dicts()]
            judged = [row for row in rows if row is not None]
            if judged:
                write_judgements(judged, place / "judgements.parquet")
                forms += ["judgements.parquet", _write_bapps(judged, place, tell)]
            if path.exists():
                path.rmdir()
            shutil.move(place, path)
    except OSError as error:
        raise StoringError(f"{path}: cannot be written: {error.strerror or error}.") from error
    return Exported(stimuli=len(shares), without=len(stimuli) - len(shares), answers=len(told), forms=forms)


def _without_words(answers: pl.DataFrame, observers: pl.DataFrame) -> pl.DataFrame:
    """Each answer, whether it counts, and why not; but what an experimenter wrote of somebody stays with the study."""
    reasons = answers.group_by("observer").agg(excluded=pl.col("excluded").is_not_null().first())
    why = (
        pl.when("excluded")
        .then(pl.lit("excluded by the experimenter"))
        .otherwise(pl.col("reason"))
        .alias("reason")
    )
    counts = observers.join(reasons, on="observer").select("observer", "counts", why)
    return answers.drop("failed", "excluded", "value").join(
        counts, on="observer", how="left", maintain_order="left"
    )


def _row(folder: StudyFolder, stimulus: Stimulus, share: dict[str, float], kind: str) -> Row | None:
    """A stimulus with its votes; none where two pictures were compared without a reference."""
    p0, p1 = (PictureFile.at(folder.picture(digest)) for digest in (stimulus.p0, stimulus.p1))
    if kind == "jnd":
        return JndPair(
            p0=p0,
            p1=p1,
            same=1 - share["share"],
            votes=int(share["votes"]),
            subset=stimulus.subset,
            named_group=stimulus.group,
        )
    if stimulus.reference is None:
        return None
    return Triplet(
        reference=PictureFile.at(folder.picture(stimulus.reference)),
        p0=p0,
        p1=p1,
        judge=share["share"],
        votes=int(share["votes"]),
        subset=stimulus.subset,
        distortion0=stimulus.condition0,
        distortion1=stimulus.condition1,
        named_group=stimulus.group,
    )


def _write_bapps(rows: list[Row], place: Path, tell: Callable[[int, int], object]) -> str:
    """Folders as BAPPS has them; whose names do not claim that each row has as many votes as BAPPS's."""
    top = "2afc" if isinstance(rows[0], Triplet) else "jnd"
    names = ("ref", "p0", "p1", "judge") if top == "2afc" else ("p0", "p1", "same")
    places: Counter[str] = Counter()
    for done, row in enumerate(rows):
        tell(done, len(rows))
        subset = re.sub(r"[^\w.-]+", "-", row.subset or "study", flags=re.ASCII).strip(".-")
        subset = f"{subset}-study" if subset in {*_LEVELS, *names} or not subset else subset
        number = f"{places[subset]:06d}"
        places[subset] += 1
        for name in names:
            (place / top / subset / name).mkdir(parents=True, exist_ok=True)
        for name, picture in zip(names, row.pictures, strict=False):
            (place / top / subset / name / f"{number}.png").write_bytes(picture.encoded())
        answer = row.judge if isinstance(row, Triplet) else getattr(row, "same")  # noqa: B009 - of a pair
        np.save(place / top / subset / names[-1] / f"{number}.npy", np.array([answer]))
    tell(len(rows), len(rows))
    return f"{top}/"
