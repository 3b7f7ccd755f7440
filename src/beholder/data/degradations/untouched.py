"""No degradation, where the task is not to undo one."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from beholder.data.degradations.degradation import Step
from beholder.data.degradations.stored import check_picture, to_unit

if TYPE_CHECKING:
    import torch
    from torch import Tensor

__all__ = ["Untouched"]


@dataclasses.dataclass(frozen=True)
class Untouched(Step):
    """Leave pictures as they are."""

    def __call__(self, clean: Tensor, draw: torch.Generator) -> Tensor:  # noqa: ARG002  # nothing is drawn
        """The picture itself, as `Degradation` says."""
        check_picture(clean)
        return to_unit(clean).contiguous()
