"""What every loss on pictures is: a value per image, then their mean."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from beholder.backbones.precision import formulas_in_full
from beholder.spec import ShapeError

__all__ = ["PictureLoss", "full_precision"]


class PictureLoss(nn.Module):
    """A loss between pictures: `per_image` says what is minimised, calling it gives the mean over the batch.

    Formulas are computed in float32 at least, also where autocast is on: in bfloat16 a difference of two nearly equal
    numbers has no digits left. Only pretrained networks follow autocast, and give their features in float32.

    Attributes:
        title: One line that says what is minimised.
        paper: Authors, title or venue, year, and DOI or arXiv number; empty for what needs none.
        inputs: Names of what the loss takes besides the two pictures, as keywords.
    """

    title: ClassVar[str]
    paper: ClassVar[str] = ""
    inputs: ClassVar[tuple[str, ...]] = ()

    def per_image(self, x: Tensor, y: Tensor, *args: Any, **inputs: Any) -> Tensor:  # noqa: D417 -- open to each loss
        """What is minimised, for each image.

        Args:
            x: Pictures made by the network, shape (N, 3, H, W), about in [0, 1].
            y: Target pictures, same shape, in [0, 1].
            **inputs: What `inputs` names.

        Returns:
            Shape (N,).

        Raises:
            ShapeError: If the pictures do not fit each other or the loss.
        """
        raise NotImplementedError

    def forward(self, x: Tensor, y: Tensor, **inputs: Tensor | None) -> Tensor:
        """The mean of `per_image` over the batch: a scalar to be minimised."""
        x, y = full_precision(x), full_precision(y)
        with formulas_in_full(x):
            widened = {name: full_precision(given) for name, given in inputs.items() if given is not None}
            return self.per_image(x, y, **widened).mean()


def full_precision(x: Tensor) -> Tensor:
    """A tensor in float32, where it was of half precision; any other as it is.

    Raises:
        ShapeError: If it is no tensor.
    """
    if not isinstance(x, Tensor):
        raise ShapeError(
            f"found a {type(x).__module__}.{type(x).__qualname__}; expected a torch.Tensor: torch.from_numpy makes one."
        )
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
