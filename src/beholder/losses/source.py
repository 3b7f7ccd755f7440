"""The picture that the network was given, and how far one made from its output is from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beholder.losses.pixel import penalise
from beholder.ops.shapes import check_images
from beholder.spec import ShapeError, UsageError

if TYPE_CHECKING:
    from torch import Tensor

    from beholder.losses.pixel import Penalty

__all__ = ["check_source", "mean_cost"]


def check_source(source: Tensor | None) -> Tensor:
    """The source, where it was handed in.

    Args:
        source: Pictures that the network was given, shape (N, 3, h, w), in [0, 1].

    Raises:
        UsageError: If it was not handed in.
        ShapeError: If it is no batch of pictures.
    """
    if source is None:
        raise UsageError(
            "this loss compares with the picture that the network was given; hand it in: loss(x, y, source=...)."
        )
    check_images(source, name="source")
    return source


def mean_cost(made: Tensor, target: Tensor, penalty: Penalty, *, made_name: str, target_name: str) -> Tensor:
    """Mean cost of the differences between what a network made and what it should have made.

    Args:
        made: Pictures that were made, shape (N, 3, H, W).
        target: What they should be, same shape.
        penalty: What a difference costs, see `penalise`.
        made_name: The name of ``made`` in the error.
        target_name: That of ``target``.

    Returns:
        Shape (N,), at least 0.

    Raises:
        ShapeError: If the shapes differ.
    """
    check_images(made, name=made_name)
    if made.shape != target.shape:
        raise ShapeError(
            f"{made_name} has shape {tuple(made.shape)} and {target_name} {tuple(target.shape)}; "
            "expected the same shape."
        )
    return penalise(made - target, penalty).flatten(1).mean(1)
