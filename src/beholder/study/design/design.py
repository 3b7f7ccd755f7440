"""The settings of a study."""

from __future__ import annotations

import datetime as dt  # noqa: TC003 - pydantic reads annotations as the program runs
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self, TypeAlias

from pydantic import Field, StringConstraints, model_validator

from beholder.settings import Settings, read_settings
from beholder.spec import UsageError
from beholder.study.design.texts import find_unstorable

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "Breaks",
    "CatchTrials",
    "Consent",
    "Design",
    "Kind",
    "Language",
    "Presentation",
    "Sampling",
    "Screening",
    "SessionPlan",
    "Sources",
    "Training",
    "read_design",
]

Kind: TypeAlias = Literal["2afc", "jnd", "ranking"]
Sampling: TypeAlias = Literal["even", "active", "quest+"]
Language: TypeAlias = Literal["en", "zh"]
Words: TypeAlias = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000)]
Share: TypeAlias = Annotated[float, Field(ge=0, le=1)]
Few: TypeAlias = Annotated[int, Field(ge=0, le=1000)]

_LEAST_ACTIVE = 3  # two conditions have one pair
_LEAST_TRAINING_OF_JND = 2  # one pair that is the same, one that differs


class Sources(Settings):
    """Where the pictures come from; exactly one of the three.

    Attributes:
        bapps: A folder as BAPPS lays it out, with or without judgements: triplets for 2AFC; for JND pairs, or the reference
            and each candidate of triplets.
        reference: With ``conditions``: a folder of references.
        conditions: Folders of results by name, such as networks; their files are named as the references.
        levels: A folder with the references in ``reference/`` and versions of them in folders whose names are strengths, for
            thresholds.
    """

    bapps: Path | None = None
    reference: Path | None = None
    conditions: dict[str, Path] = Field(default_factory=dict)
    levels: Path | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        named = [name for name in ("bapps", "conditions", "levels") if getattr(self, name)]
        if len(named) != 1:
            found = " and ".join(named) or "none"
            raise ValueError(f"expected one of bapps, conditions and levels; found {found}")
        if self.reference is not None and not self.conditions:
            raise ValueError("reference goes with conditions; the others bring their own")
        return self


class Breaks(Settings):
    """When observers rest.

    Attributes:
        every: Trials between two breaks; 0 for none.
        seconds: The least that a break lasts.
    """

    every: Few = 50
    seconds: Annotated[int, Field(ge=0, le=600)] = 10


class SessionPlan(Settings):
    """What an observer does.

    Attributes:
        trials: Trials of a session that are judged for the first time; catch trials and repetitions come on top.
        repetitions: How many of them are shown once more, for an observer's agreement with themselves.
        sessions: The most sessions of an observer.
        breaks: When they rest.
    """

    trials: Annotated[int, Field(ge=1, le=2000)] = 100
    repetitions: Few = 0
    sessions: Annotated[int, Field(ge=1, le=100)] = 1
    breaks: Breaks = Breaks()

    @model_validator(mode="after")
    def _few_repetitions(self) -> Self:
        if self.repetitions > self.trials:
            raise ValueError(
                f"{self.repetitions} repetitions of {self.trials} trials; expected as many or fewer"
            )
        return self


class CatchTrials(Settings):
    """Trials of a session whose answer is known, which tell who looks.

    Attributes:
        identical: Trials with the reference itself: in 2AFC as a candidate, which is closer; in JND a pair of the same.
        noise: Trials with heavy noise, which is farther from the reference, or different.
        least_right: Observers with a lower share of right answers fail.
    """

    identical: Few = 4
    noise: Few = 4
    least_right: Share = 0.7


class Training(Settings):
    """Trials at the beginning, with feedback; they are no data.

    Attributes:
        trials: How many; 0 for none.
    """

    trials: Annotated[int, Field(ge=0, le=100)] = 5


class Presentation(Settings):
    """How pictures are shown.

    Attributes:
        scale: Screen pixels, true ones, to a side of a pixel of the picture; 0 for the largest whole number at which all
            pictures of a trial fit.
        shown_seconds: In JND, how long each picture is seen.
        gap_seconds: In JND, the grey between them.
    """

    scale: Annotated[int, Field(ge=0, le=16)] = 0
    shown_seconds: Annotated[float, Field(gt=0, le=60)] = 1.0
    gap_seconds: Annotated[float, Field(ge=0, le=10)] = 0.25


class Screening(Settings):
    """What makes an answer, or an observer, doubtful.

    Attributes:
        least_milliseconds: Quicker answers are implausible: nobody can have looked.
        most_implausible: Observers with a larger share of those fail.
        least_likelihood: Where it is given, observers do not count in the analysis whose answers are less likely, by what others
            answered, than this number of interquartile ranges from the median, such as -1.5.
    """

    least_milliseconds: Annotated[int, Field(ge=0, le=10_000)] = 200
    most_implausible: Share = 0.2
    least_likelihood: Annotated[float, Field(lt=0)] | None = None


class Consent(Settings):
    """What observers agree to before anything is asked.

    Attributes:
        version: Stored with each consent; change it with the text.
        text: By language, in paragraphs divided by empty lines; a general text where it is missing.
        contact: Whom observers can write to.
    """

    version: Annotated[str, StringConstraints(min_length=1, max_length=40)] = "1"
    text: dict[Language, Words] = Field(default_factory=dict)
    contact: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] = ""


class Design(Settings):
    """A study.

    Attributes:
        title: By language, or one for all.
        kind: ``2afc``: which of two is closer to a reference; ``jnd``: are two the same, after a glance at each;
            ``ranking``: which of two results is better, of several conditions.
        question: Asked in each trial, by language; the kind's own where it is missing.
        stimuli: Where the pictures come from.
        votes: Answers that each stimulus is to get; on average, where the sampling is not even.
        precision: Half the width of a 95 % interval that is wished, if any: of a stimulus's share in 2AFC and JND; of a
            threshold, in strength, where there are levels; of the difference of two scale values in ranking.
        sampling: What is shown next. ``even``: what has the fewest votes. ``active``: of several conditions, the pair whose
            comparison is expected to tell most about their scale. ``quest+``: of strengths, the one that is expected to tell
            most about the reference's threshold, all observers' answers taken together.
        ties: Whether "no difference" may be answered in 2AFC and ranking.
        session: What an observer does.
        catch: Trials whose answer is known.
        training: Trials with feedback.
        presentation: How pictures are shown.
        screening: What is doubtful.
        languages: What observers can choose from; the first is the one to begin with.
        consent: What they agree to.
        demographics: Whether age group, gender and eyesight are asked; nobody has to answer.
        screen_check: Whether the screen's size, and colour vision, are looked at.
        retention: From that day on what was told of persons is deleted: demographics, screens.
        seed: Of all that is drawn.
    """

    title: Words | dict[Language, Words]
    kind: Kind
    question: dict[Language, Words] = Field(default_factory=dict)
    stimuli: Sources
    votes: Annotated[int, Field(ge=1, le=10_000)] = 5
    precision: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    sampling: Sampling = "even"
    ties: bool = False
    session: SessionPlan = SessionPlan()
    catch: CatchTrials = CatchTrials()
    training: Training = Training()
    presentation: Presentation = Presentation()
    screening: Screening = Screening()
    languages: Annotated[tuple[Language, ...], Field(min_length=1)] = ("en", "zh")
    consent: Consent = Consent()
    demographics: bool = True
    screen_check: bool = True
    retention: dt.date
    seed: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.stimuli.levels is not None and self.kind != "jnd":
            raise ValueError(f"stimuli.levels are for kind jnd; found {self.kind}")
        if self.kind == "ranking" and len(self.stimuli.conditions) < 2:
            raise ValueError("kind ranking needs stimuli.conditions, at least 2")
        if self.kind == "2afc" and self.stimuli.conditions and self.stimuli.reference is None:
            raise ValueError("kind 2afc needs stimuli.reference beside the conditions")
        if self.kind == "jnd" and self.ties:
            raise ValueError("ties are for 2afc and ranking; in jnd the answer is same or different")
        self._check_sampling()
        if found := find_unstorable(self.model_dump()):
            raise ValueError(f"{found}, which cannot be stored")
        if len(set(self.languages)) < len(self.languages):
            raise ValueError(f"languages are {self.languages}; expected each once")
        if self.kind == "jnd" and 0 < self.training.trials < _LEAST_TRAINING_OF_JND:
            raise ValueError(
                "training of kind jnd needs 2 trials: a pair that is the same, and one that differs"
            )
        return self

    def _check_sampling(self) -> None:
        if self.sampling == "active" and (self.kind == "jnd" or len(self.stimuli.conditions) < _LEAST_ACTIVE):
            raise ValueError("sampling active needs kind ranking or 2afc, and stimuli.conditions, at least 3")
        if self.sampling == "quest+" and self.stimuli.levels is None:
            raise ValueError("sampling quest+ needs stimuli.levels, whose strengths it chooses from")
        if self.sampling != "even" and self.session.repetitions:
            raise ValueError(f"repetitions go with sampling even; found {self.sampling}")

    @property
    def asks(self) -> Kind:
        """What is asked in words: a ranking with references asks as 2AFC does, which of two is closer."""
        return "2afc" if self.kind == "ranking" and self.stimuli.reference is not None else self.kind

    def title_in(self, language: str) -> str:
        """The title in a language, or in the first there is."""
        if isinstance(self.title, str):
            return self.title
        return self.title.get(language) or next(iter(self.title.values()))  # type: ignore[call-overload]


def read_design(path: str | Path, overrides: Sequence[str] = ()) -> Design:
    """Read a design.

    Args:
        path: The YAML file; paths in it are taken from its folder.
        overrides: Settings in place of the file's, such as ``"votes=10"``.

    Raises:
        UsageError: If it cannot be read, or a setting is unknown, missing or impossible; the message names the line.
    """
    path = Path(path)
    design = read_settings(path, overrides, kind=Design)
    sources = design.stimuli
    here = path.parent.absolute()
    moved = {
        name: None if found is None else here / found
        for name in ("bapps", "reference", "levels")
        for found in [getattr(sources, name)]
    }
    if found := find_unstorable(here, "the design's folder"):
        raise UsageError(f"{here.name!a}: {found}, which cannot be stored; rename it.")
    conditions = {name: here / folder for name, folder in sources.conditions.items()}
    return design.model_copy(
        update={"stimuli": sources.model_copy(update={**moved, "conditions": conditions})}
    )
