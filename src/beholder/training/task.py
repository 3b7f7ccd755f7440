"""What a run is of: something that is learned, step by step."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Set
    from pathlib import Path

    from torch import Tensor
    from torch.utils.data import Dataset

    from beholder.settings import Settings
    from beholder.training.folder import RunFolder

__all__ = ["Pace", "Progress", "Task"]


@dataclasses.dataclass(frozen=True)
class Progress:
    """How far a run is.

    Attributes:
        step: Steps that are done. A new run begins by telling of step 0, whose scores are those before any learning.
        steps: Steps of the whole run.
        log: What was logged of the last step.
        scores: Those of the validation that has just been done, if one has.
        best: The best score so far.
    """

    step: int
    steps: int
    log: dict[str, float]
    scores: dict[str, float] | None
    best: float | None


@dataclasses.dataclass(frozen=True)
class Pace:
    """How long a run takes, and when it looks up.

    Attributes:
        steps: Steps of the optimiser.
        batch: Items in a step, over all processes.
        every: Steps from one validation to the next.
        patience: Validations without a better one after which the run ends; 0 never ends early.
        checkpoint: Steps from one checkpoint to the next.
        workers: Processes that prepare items; 0 prepares them between the steps.
        seed: Of whatever is drawn.
    """

    steps: int
    batch: int
    every: int
    patience: int
    checkpoint: int
    workers: int
    seed: int


class Task(Protocol):
    """What is learned in a run, in each of its processes."""

    @property
    def recipe(self) -> Settings:
        """What it was made of."""
        ...

    @property
    def pace(self) -> Pace:
        """How long it takes."""
        ...

    @property
    def items(self) -> Dataset[dict[str, Tensor]]:
        """What steps learn from; item ``i`` is a pure function of ``i``."""
        ...

    @property
    def select(self) -> str:
        """The score that tells which validation is the best; ``"last"`` keeps the last."""
        ...

    @property
    def measured(self) -> Set[str]:
        """The names of all scores."""
        ...

    @property
    def step(self) -> int:
        """Steps that are done."""
        ...

    @property
    def is_finite(self) -> bool:
        """Whether all that is learned is made of numbers."""
        ...

    def begin(self) -> None:
        """Make what a new run begins with."""
        ...

    def learn(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Take one step; what there is to log of it, with its loss as ``total``."""
        ...

    def score_before(self) -> dict[str, float]:
        """Scores before any learning."""
        ...

    def validate(self, grid: Path | None) -> dict[str, float]:
        """Scores now, and a picture to look at in a file, if there is one to draw."""
        ...

    def is_better(self, scores: dict[str, float], best: float | None) -> bool:
        """Whether scores beat the best so far."""
        ...

    def save(self, folder: RunFolder, scores: dict[str, float], before: dict[str, float]) -> None:
        """Save what has been learned, whole or not at all, as the best so far."""
        ...

    def state(self) -> dict[str, Any]:
        """All that the next step depends on, but for random state and items."""
        ...

    def resume(self, begun: Mapping[str, Any], state: dict[str, Any]) -> None:
        """Go on from what `state` gave, under the recipe ``begun``.

        Raises:
            UsageError: If the recipe has changed too much.
        """
        ...
