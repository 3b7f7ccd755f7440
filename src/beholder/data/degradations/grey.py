"""Loss of colour."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from beholder.data.degradations.degradation import Step
from beholder.data.degradations.stored import check_picture, to_levels, to_unit
from beholder.ops.color import rgb_to_grey

if TYPE_CHECKING:
    import torch
    from torch import Tensor

__all__ = ["Grey"]


@dataclasses.dataclass(frozen=True)
class Grey(Step):
    """Take the colour away: luma with the weights of ITU-R BT.601 in all three channels, on 256 levels."""

    def __call__(self, clean: Tensor, draw: torch.Generator) -> Tensor:  # noqa: ARG002  # nothing is drawn
        """Make a picture grey, as `Degradation` says."""
        check_picture(clean)
        grey = rgb_to_grey(to_unit(clean)[None])[0]
        return to_unit(to_levels(grey)).repeat(3, 1, 1)
