"""The steps of an observer, from the first page to the thanks."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select

from beholder.study.database import now
from beholder.study.models import Observer, Session
from beholder.study.services.audit import note
from beholder.study.services.refusals import RefusedError
from beholder.study.services.tokens import HALF

if TYPE_CHECKING:
    from sqlalchemy.orm import Session as Transaction

    from beholder.study.design import Design
    from beholder.study.services.tokens import Signer

__all__ = ["STEPS", "begin", "completion_codes", "delete_by_code", "find_observer", "pass_step", "steps_of"]

STEPS = ("consent", "about", "screen", "instructions", "trials", "thanks")
"""In their order; `about` and `screen` are left out where the design does not want them."""

_NAME_BYTES = 6


def steps_of(design: Design) -> list[str]:
    """The steps of a study."""
    left_out = {"about": not design.demographics, "screen": not design.screen_check}
    return [step for step in STEPS if not left_out.get(step)]


def begin(transaction: Transaction, design: Design, signer: Signer, language: str) -> Observer:
    """Welcome a new observer.

    Raises:
        RefusedError: If the study does not speak the language.
    """
    if language not in design.languages:
        raise RefusedError(
            422, f"language: found {language!r}; expected one of {', '.join(design.languages)}."
        )
    moment = now()
    observer = Observer(
        name=secrets.token_hex(_NAME_BYTES),
        code="",
        language=language,
        step="consent",
        seed=secrets.randbits(31),
        created=moment,
        seen=moment,
    )
    observer.code = _digest(signer.code("delete", observer))
    transaction.add(observer)
    transaction.flush()
    return observer


def find_observer(transaction: Transaction, number: int) -> Observer:
    """The observer of a token.

    Raises:
        RefusedError: If theirs was deleted.
    """
    observer = transaction.get(Observer, number)
    if observer is None:
        raise RefusedError(401, "this observer is not known; what they gave may have been deleted.")
    return observer


def pass_step(observer: Observer, design: Design, step: str, told: dict[str, Any] | None) -> str:
    """Go on from a step; a step that was passed before stays as it was.

    Args:
        observer: Who.
        design: The study's.
        step: The step that is done.
        told: What they told in it.

    Returns:
        The step where they are now.

    Raises:
        RefusedError: If they have not come there yet.
    """
    steps = steps_of(design)
    if step not in steps or steps.index(step) > steps.index(observer.step):
        raise RefusedError(409, f"step: found {step!r}; expected {observer.step!r}, where this observer is.")
    if step != observer.step or step in ("trials", "thanks"):
        return observer.step
    moment = now()
    if step == "consent":
        observer.consent_version, observer.consented = design.consent.version, moment
    elif step == "about":
        observer.demographics = told
    elif step == "screen":
        observer.screen = told
    observer.step = steps[steps.index(step) + 1]
    observer.seen = moment
    return observer.step


def delete_by_code(transaction: Transaction, code: str) -> None:
    """Delete all that an observer gave.

    Raises:
        RefusedError: If nobody has the code.
    """
    # As it was told, whatever is between its letters and digits.
    plain = "".join(sign for sign in code.upper() if sign.isalnum())
    plain = f"{plain[:HALF]}-{plain[HALF:]}"
    observer = transaction.scalar(select(Observer).where(Observer.code == _digest(plain)))
    if observer is None:
        raise RefusedError(404, "code: nobody here has this code; it looks like ABCDE-FGH23.")
    transaction.execute(delete(Observer).where(Observer.id == observer.id))
    note(transaction, "observer", "deleted", {"observer": "by their code"})


def completion_codes(transaction: Transaction, signer: Signer) -> list[str]:
    """The codes of all who did a whole session, in the order of the alphabet."""
    query = select(Observer).where(Observer.sessions.any(Session.done.is_not(None)))
    return sorted(signer.code("done", observer) for observer in transaction.scalars(query))


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
