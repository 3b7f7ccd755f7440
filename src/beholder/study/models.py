"""The tables of a study."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

__all__ = [
    "Attempt",
    "Base",
    "Event",
    "Observer",
    "Picture",
    "Response",
    "Session",
    "Stimulus",
    "Study",
    "Trial",
]

_DIGEST = String(64)  # SHA-256 in hexadecimal
_WORD = String(20)


class Base(DeclarativeBase):
    """All tables. Moments are whole milliseconds since 1970, UTC."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {
        dict[str, Any]: JSON(none_as_null=True),
        int: BigInteger().with_variant(Integer, "sqlite"),
    }


class Study(Base):
    """The study; there is one row.

    Attributes:
        uuid: The same as in the study's folder.
        state: ``open``, ``paused`` or ``closed``.
        design: As it was when the study was made.
    """

    __tablename__ = "study"
    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[str] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(_WORD)
    created: Mapped[int]
    design: Mapped[dict[str, Any]]


class Picture(Base):
    """A picture in the study's folder, ``stimuli/DIGEST.png``."""

    __tablename__ = "picture"
    digest: Mapped[str] = mapped_column(_DIGEST, primary_key=True)
    width: Mapped[int]
    height: Mapped[int]


class Stimulus(Base):
    """What a trial shows.

    Attributes:
        purpose: ``judged``, ``catch`` or ``training``.
        group: What the reference is called; stimuli of one reference share it.
        reference: Digests of pictures; a pair of JND has none, nor has a ranking without references.
        condition0: What was done to `p0`, or who made it, where that is known.
        strength: Of `p1`, in studies of thresholds.
        expected: The right answer of catch and training trials: ``p0``, ``p1``, ``same`` or ``different``.
    """

    __tablename__ = "stimulus"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    purpose: Mapped[str] = mapped_column(_WORD, index=True)
    group: Mapped[str] = mapped_column(Text)
    subset: Mapped[str | None] = mapped_column(Text)
    reference: Mapped[str | None] = mapped_column(ForeignKey("picture.digest"))
    p0: Mapped[str] = mapped_column(ForeignKey("picture.digest"))
    p1: Mapped[str] = mapped_column(ForeignKey("picture.digest"))
    condition0: Mapped[str | None] = mapped_column(Text)
    condition1: Mapped[str | None] = mapped_column(Text)
    strength: Mapped[float | None] = mapped_column(Float)
    expected: Mapped[str | None] = mapped_column(_WORD)


class Observer(Base):
    """Somebody who looks; nothing here tells who.

    Attributes:
        name: A pseudonym, drawn by chance.
        code: SHA-256 of the code with which they can have all of theirs deleted.
        step: Where they are on their way, see `beholder.study.services.way`.
        seed: Of all that is drawn for them.
        failed: Why their answers do not count, by the study's own rules.
        excluded: Why they do not count, in the experimenter's words.
    """

    __tablename__ = "observer"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(_WORD, unique=True)
    code: Mapped[str] = mapped_column(_DIGEST, unique=True)
    language: Mapped[str] = mapped_column(_WORD)
    step: Mapped[str] = mapped_column(_WORD)
    seed: Mapped[int]
    created: Mapped[int]
    seen: Mapped[int]
    consent_version: Mapped[str | None] = mapped_column(String(40))
    consented: Mapped[int | None]
    demographics: Mapped[dict[str, Any] | None]
    screen: Mapped[dict[str, Any] | None]
    failed: Mapped[str | None] = mapped_column(Text)
    excluded: Mapped[str | None] = mapped_column(Text)
    sessions: Mapped[list[Session]] = relationship(
        back_populates="observer", cascade="all, delete-orphan", order_by="Session.number"
    )


class Session(Base):
    """A sitting of an observer.

    Attributes:
        leased: Until when its open trials are kept for the observer.
        rested: Trials that were answered at the last break.
    """

    __tablename__ = "session"
    __table_args__ = (UniqueConstraint("observer_id", "number"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    observer_id: Mapped[int] = mapped_column(ForeignKey("observer.id", ondelete="CASCADE"))
    number: Mapped[int]
    begun: Mapped[int]
    done: Mapped[int | None]
    leased: Mapped[int]
    rested: Mapped[int] = mapped_column(default=0)
    observer: Mapped[Observer] = relationship(back_populates="sessions")
    trials: Mapped[list[Trial]] = relationship(
        back_populates="session", cascade="all, delete-orphan", order_by="Trial.position"
    )


class Trial(Base):
    """A showing of a stimulus to an observer.

    Attributes:
        purpose: ``training``, ``catch``, ``judged`` or ``repeat``.
        stimulus_id: What is shown.
        repeats_id: The trial that a ``repeat`` shows again.
        swapped: Whether `p1` is shown on the left, or first.
        state: ``open``, ``answered``, or ``spoiled``: shown, but not as it should have been.
        requeued: How often the same was spoiled before.
        shown: When it was first fetched.
    """

    __tablename__ = "trial"
    __table_args__ = (
        UniqueConstraint("session_id", "position"),
        Index("ix_trial_stimulus_state", "stimulus_id", "state"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("session.id", ondelete="CASCADE"))
    position: Mapped[int]
    purpose: Mapped[str] = mapped_column(_WORD)
    stimulus_id: Mapped[int | None] = mapped_column(ForeignKey("stimulus.id"))
    repeats_id: Mapped[int | None] = mapped_column(ForeignKey("trial.id", ondelete="CASCADE"))
    swapped: Mapped[bool] = mapped_column(Boolean)
    state: Mapped[str] = mapped_column(_WORD)
    requeued: Mapped[int] = mapped_column(default=0)
    shown: Mapped[int | None]
    session: Mapped[Session] = relationship(back_populates="trials")
    stimulus: Mapped[Stimulus | None] = relationship()


class Response(Base):
    """An answer; a trial has one or none.

    Attributes:
        answer: ``p0``, ``p1`` or ``tie``; of JND ``same`` or ``different``.
        milliseconds: From the picture, or the question of JND, to the answer, as the observer's browser measured.
        implausible: Whether that is too short to have looked.
        timing: What the browser measured of frames and flips.
    """

    __tablename__ = "response"
    trial_id: Mapped[int] = mapped_column(ForeignKey("trial.id", ondelete="CASCADE"), primary_key=True)
    answer: Mapped[str] = mapped_column(_WORD)
    milliseconds: Mapped[float] = mapped_column(Float)
    implausible: Mapped[bool] = mapped_column(Boolean)
    timing: Mapped[dict[str, Any] | None]
    received: Mapped[int]


class Event(Base):
    """What was done with the study, by whom: never changed, never deleted."""

    __tablename__ = "event"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[int]
    who: Mapped[str] = mapped_column(_WORD)
    what: Mapped[str] = mapped_column(String(40))
    detail: Mapped[dict[str, Any]]


class Attempt(Base):
    """A try to log in, or to delete by code, so that guessing is slow.

    Attributes:
        client: A keyed hash of where it came from, with a key that changes each day; no address can be told from it.
    """

    __tablename__ = "attempt"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[int] = mapped_column(index=True)
    what: Mapped[str] = mapped_column(_WORD)
    client: Mapped[str] = mapped_column(_DIGEST)
