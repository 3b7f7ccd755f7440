"""What a client gets, as JSON."""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, Field

from beholder.scoring import as_text
from beholder.serving.refusals import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from beholder.scoring import ScoredPair

__all__ = ["Answer", "Health", "Problem", "make_answer"]


class Answer(BaseModel):
    """The scores of a pair."""

    scores: dict[str, float | None] = Field(description="By metric; null where it is infinite, or failed.")
    infinite: dict[str, Literal["inf", "-inf"]] = Field(description="Scores that JSON has no number for.")
    error: str | None = Field(description="Which metrics failed, and why.")
    notes: list[str] = Field(description="What was changed in the pictures on the way in.")
    provenance: dict[str, Any] = Field(
        description="Version, engine, device, precision, and the metrics with their options and weights."
    )


class Health(BaseModel):
    """What the server is ready for."""

    status: Literal["ok"]
    version: str
    metrics: list[str]


class Problem(BaseModel):
    """Why there are no scores."""

    error: str = Field(description="What was found, what was expected, what to do.")


def make_answer(scored: ScoredPair, provenance: Mapping[str, Any]) -> Answer:
    """The answer to a request.

    Args:
        scored: What came of its pair.
        provenance: Of all metrics that the server has.

    Raises:
        RefusedError: If every metric failed.
    """
    if scored.error is not None and all(score is None for score in scored.scores.values()):
        raise RefusedError(422, scored.error)
    infinite: dict[str, Literal["inf", "-inf"]] = {
        name: "inf" if score > 0 else "-inf"
        for name, score in scored.scores.items()
        if score is not None and math.isinf(score)
    }
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    used = {name: provenance["metrics"][name] for name in scored.scores}
    return Answer(
        scores={**scored.scores, **dict.fromkeys(infinite)},
        infinite=infinite,
        error=scored.error,
        notes=[f"{as_text(path)}: {note}" for path, note in scored.notes],
        provenance={**provenance, "created": now, "metrics": used},
    )
