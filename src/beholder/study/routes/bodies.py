"""What browsers send; anything else is refused."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

__all__ = [
    "About",
    "Answer",
    "Begin",
    "Code",
    "Exclusion",
    "Login",
    "Nothing",
    "Screen",
    "State",
    "StepDone",
    "Timing",
]

Token: TypeAlias = Annotated[str, Field(max_length=500)]
Plate: TypeAlias = Annotated[str, Field(max_length=8, pattern=r"^[^\x00-\x1f\x7f]*$")]
Reason: TypeAlias = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=500, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$"
    ),
]
Milliseconds: TypeAlias = Annotated[float, Field(ge=0, le=86_400_000, allow_inf_nan=False)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Nothing(_Body):
    """An empty object: what is sent tells nothing but that it is sent."""


class Begin(_Body):
    """A new observer."""

    language: Annotated[str, Field(max_length=20)]


class About(_Body):
    """What an observer tells of themselves; nothing has to be told."""

    age: Literal["", "under 18", "18-29", "30-44", "45-59", "60 or more"] = ""
    gender: Literal["", "woman", "man", "another"] = ""
    eyesight: Literal["", "good", "corrected", "poor"] = ""
    expert: Literal["", "yes", "no"] = ""


class Screen(_Body):
    """What was found of a screen.

    Attributes:
        pixels_per_millimetre: By a bank card; 0 where the observer skipped it.
        device_pixel_ratio: Device pixels to one of the page.
        zoom: Of the browser, as far as it can be told.
        width: Of the screen, in device pixels.
        height: Of the screen, in device pixels.
        refresh: Frames a second.
        plates: Answers to the colour-vision plates; empty ones were not seen.
        plates_right: How many of them were right, as the page found.
        darkest: Grey fields told apart from black; ``None`` where the observer did not say.
        touch: Whether the main pointer is a finger.
    """

    pixels_per_millimetre: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
    device_pixel_ratio: Annotated[float, Field(gt=0, le=20, allow_inf_nan=False)]
    zoom: Annotated[float, Field(gt=0, le=20, allow_inf_nan=False)]
    width: Annotated[int, Field(ge=1, le=100_000)]
    height: Annotated[int, Field(ge=1, le=100_000)]
    refresh: Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)]
    plates: Annotated[list[Plate], Field(max_length=10)]
    plates_right: Annotated[int, Field(ge=0, le=10)]
    darkest: Annotated[int, Field(ge=0, le=20)] | None
    touch: bool


class StepDone(_Body):
    """A step that is passed.

    Attributes:
        version: Of the consent that was read.
    """

    version: Annotated[str, Field(max_length=40)] | None = None
    about: About | None = None
    screen: Screen | None = None


class Timing(_Body):
    """What a browser measured of a trial.

    Attributes:
        refresh: Frames a second, measured.
        flips: Moments at which pictures and grey appeared, in milliseconds from the first.
        dropped: Frames that came late while pictures were shown.
        scale: Device pixels to a side of the picture's pixel.
        full_screen: Whether the page filled the screen.
    """

    refresh: Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)]
    flips: Annotated[list[Milliseconds], Field(max_length=10)]
    dropped: Annotated[int, Field(ge=0, le=100_000)]
    scale: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
    full_screen: bool


class Answer(_Body):
    """An answer to a trial; without one the trial was not shown as it should have been."""

    token: Token
    answer: Literal["left", "right", "tie", "same", "different"] | None
    milliseconds: Milliseconds
    timing: Timing


class Code(_Body):
    """A code with which an observer has theirs deleted."""

    code: Annotated[str, Field(min_length=1, max_length=40)]


class Login(_Body):
    """The experimenter's password."""

    password: Annotated[str, Field(min_length=1, max_length=100)]


class State(_Body):
    """Whether the study asks."""

    state: Literal["open", "paused", "closed"]


class Exclusion(_Body):
    """An observer who is to count no longer, or again."""

    observer: Annotated[str, Field(pattern=r"^[0-9a-f]{1,20}$")]
    reason: Reason
