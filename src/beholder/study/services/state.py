"""Whether the study asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from beholder.study.models import Study
from beholder.study.services.audit import note
from beholder.study.services.rules import judge_unfinished

if TYPE_CHECKING:
    from sqlalchemy.orm import Session as Transaction

    from beholder.study.design import Design

__all__ = ["StudyState", "change_state"]

StudyState: TypeAlias = Literal["open", "paused", "closed"]


def change_state(transaction: Transaction, design: Design, state: StudyState) -> None:
    """Have the study ask, pause or end; answers to what was shown already are stored in any case.

    With its end those are judged, too, who are in the middle of a session.
    """
    study = transaction.get_one(Study, 1)
    if study.state != state:
        note(transaction, "experimenter", state, {"before": study.state})
        study.state = state
    if state == "closed":
        judge_unfinished(transaction, design, absent=False)
